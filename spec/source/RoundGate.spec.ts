import { describe, expect, it } from '@jest/globals'
import { RoundGate } from '../../lib/source/reader/RoundGate.js'

const start = () => {
  const output = { closed: false }
  const log: string[] = []
  const gate: RoundGate = new RoundGate(output, () => {
    gate.requested = false
    log.push('answered')
  })
  gate.open = true
  return { gate, output, log }
}

describe('RoundGate', () => {
  it('should let records pass while it is open and somebody listens', () => {
    const { gate, output } = start()
    expect(gate.interrupt()).toBe(false)
    gate.open = false
    expect(gate.interrupt()).toBe(true)
    gate.open = true
    output.closed = true
    expect(gate.interrupt()).toBe(true)
  })

  it('should have what is asked for answered between two records, once', () => {
    const { gate, log } = start()
    gate.requested = true
    expect(gate.interrupt()).toBe(false)
    expect(gate.interrupt()).toBe(false)
    expect(log).toEqual(['answered'])
  })

  it('should end the round at once where the answer closes it', () => {
    const gate: RoundGate = new RoundGate({ closed: false }, () => {
      gate.open = false
    })
    gate.open = true
    gate.requested = true
    expect(gate.interrupt()).toBe(true)
  })
})
