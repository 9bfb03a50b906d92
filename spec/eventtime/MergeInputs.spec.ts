import { describe, expect, it } from '@jest/globals'
import { MergeInput, MergeInputs } from '../../lib/eventtime/MergeInputs.js'

/** `a b | control`, where `.` says that an input has sent the final watermark, and `?` that the first splits are not known yet. */
const inputsOf = (text: string) => {
  const inputs = new MergeInputs<never>()
  const byName = new Map<string, MergeInput<never>>()
  for (const word of text.split(' ').filter((part) => part !== '')) {
    const name = word.replace(/\W/g, '')
    const input = new MergeInput<never>(name, name === 'control')
    input.ended = word.includes('.')
    input.splitsKnown = !word.includes('?')
    byName.set(name, input)
    inputs.add(input)
  }
  const remove = (...names: readonly string[]) => {
    for (const name of names) inputs.remove(byName.get(name)!)
    return inputs
  }
  return { inputs, remove }
}

const said = ({ none, allHaveEnded, sourceHasEnded, awaitsOthers }: MergeInputs<never>): string =>
  Object.entries({ none, allHaveEnded, sourceHasEnded, awaitsOthers })
    .filter(([, holds]) => holds)
    .map(([name]) => name)
    .join(' ')

describe('the inputs of a merge', () => {
  it.each([
    ['', 'none awaitsOthers'],
    ['a', ''],
    ['a b.', ''],
    ['a. b.', 'allHaveEnded'],
    ['control?', ''],
    ['control', 'awaitsOthers'],
    ['control.', 'allHaveEnded sourceHasEnded'],
    ['a control', ''],
    ['a. control', 'allHaveEnded'],
    ['a control.', 'sourceHasEnded'],
    ['a. control.', 'allHaveEnded sourceHasEnded'],
  ])('%s: %s', (text, expected) => {
    expect(said(inputsOf(text).inputs)).toBe(expected)
  })

  it.each([
    ['a', ['a'], 'none awaitsOthers'],
    ['a.', ['a'], 'none allHaveEnded'],
    ['a b.', ['a', 'b'], 'none allHaveEnded'],
    ['a b.', ['b', 'a'], 'none awaitsOthers'],
    ['a. control', ['a'], 'awaitsOthers'],
    ['a. control.', ['a', 'control'], 'none allHaveEnded'],
    ['a. control', ['a', 'control'], 'none allHaveEnded'],
    ['a control', ['control', 'a'], 'none awaitsOthers'],
  ])('%s, when %s have gone: %s', (text, names, expected) => {
    expect(said(inputsOf(text).remove(...names))).toBe(expected)
  })
})
