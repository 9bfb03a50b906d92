import { describe, expect, it } from '@jest/globals'
import { blockAbove, blockKey, blocksIn, highestNumber } from '../../../lib/checkpoint/store/storeKeys.js'

describe('blocks of ids', () => {
  it('should be read in the order of their ids, however a storage lists their keys', () => {
    const keys = ['ids/1-16.json', 'ids/113-128.json', 'ids/17-32.json', 'ids/97-112.json', 'attempt-000001/claim.json']
    expect(blocksIn(keys).map(blockKey)).toEqual([
      ...['ids/1-16.json', 'ids/17-32.json', 'ids/97-112.json', 'ids/113-128.json'],
    ])
  })

  it.each([
    [0, 1],
    [1, 17],
    [16, 17],
    [17, 33],
  ])('should lie above all ids up to %d', (top, first) => {
    expect(blockAbove(top)).toEqual({ first, last: first + 15 })
  })
})

describe('the highest number of an attempt', () => {
  it.each<[string, readonly string[], number]>([
    ['nothing', [], 0],
    ['what is named like an attempt, and is none', ['attempt-notes.txt', 'attempt-of-mine/notes.txt'], 0],
    ['what is left of one', ['attempt-000003/claim.json', 'attempt-000007-subtasks-0-of-2/verdict.json'], 7],
    ['one that release 0.1 has renamed', ['attempt-000003/claim.json', 'attempt-000009.closed/restored.json'], 9],
  ])('should be told by %s', (_, keys, expected) => {
    expect(highestNumber(keys)).toBe(expected)
  })
})
