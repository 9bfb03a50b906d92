import { describe, expect, it } from '@jest/globals'
import { TurnTasks } from '../../lib/source/reader/TurnTasks.js'

const start = () => {
  const log: string[] = []
  const tasks = new TurnTasks({ ask: () => log.push('ask') })
  return { log, tasks }
}

describe('TurnTasks', () => {
  it('should ask for a turn, and do them there, in their order', () => {
    const { log, tasks } = start()
    tasks.add(() => log.push('a'))
    tasks.add(() => log.push('b'))
    expect(log).toEqual(['ask', 'ask'])
    tasks.run()
    tasks.run()
    expect(log).toEqual(['ask', 'ask', 'a', 'b'])
  })

  it('should do in the same turn what one of them adds', () => {
    const { log, tasks } = start()
    tasks.add(() => tasks.add(() => log.push('then')))
    tasks.run()
    expect(log).toEqual(['ask', 'ask', 'then'])
  })

  it('should leave those behind the one that clears them', () => {
    const { log, tasks } = start()
    tasks.add(() => tasks.clear())
    tasks.add(() => log.push('not done'))
    tasks.run()
    expect(log).toEqual(['ask', 'ask'])
  })

  it('should go on behind one that throws in the next turn', () => {
    const { log, tasks } = start()
    tasks.add(() => {
      throw new Error('no state')
    })
    tasks.add(() => log.push('next'))
    expect(() => tasks.run()).toThrow('no state')
    tasks.run()
    expect(log).toEqual(['ask', 'ask', 'next'])
  })
})
