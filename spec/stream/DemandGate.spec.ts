import { describe, expect, it } from '@jest/globals'
import { DemandGate } from '../../lib/stream/DemandGate.js'
import { batchEnd } from '../../lib/stream/BatchEnd.js'

describe('DemandGate', () => {
  it('should be open at first, hold acknowledgements back while it is closed, and let them go in their order', () => {
    const gate = new DemandGate()
    const acknowledged: string[] = []
    const end = (name: string) => gate.watch(batchEnd(() => acknowledged.push(name)))
    end('a').acknowledge()
    expect([acknowledged, gate.held]).toEqual([['a'], 0])
    gate.close()
    end('b').acknowledge()
    end('c').acknowledge()
    expect([acknowledged, gate.held]).toEqual([['a'], 2])
    gate.open()
    expect([acknowledged, gate.held]).toEqual([['a', 'b', 'c'], 0])
    end('d').acknowledge()
    expect(acknowledged).toEqual(['a', 'b', 'c', 'd'])
  })

  it('should stop where an acknowledgement closes it again', () => {
    const gate = new DemandGate()
    const acknowledged: string[] = []
    gate.close()
    gate
      .watch(
        batchEnd(() => {
          acknowledged.push('a')
          gate.close()
        }),
      )
      .acknowledge()
    gate.watch(batchEnd(() => acknowledged.push('b'))).acknowledge()
    gate.open()
    expect([acknowledged, gate.held]).toEqual([['a'], 1])
    gate.open()
    expect([acknowledged, gate.held]).toEqual([['a', 'b'], 0])
  })
})
