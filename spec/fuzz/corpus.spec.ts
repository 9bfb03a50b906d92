import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { Corpus } from './Corpus.js'
import { apis } from './responsesTarget.js'
import { targets } from './targets.js'

/** Inputs that together reach what a fuzzer reached, and all that ever showed a fault (`npm run fuzz`). */
describe.each(targets.map((target) => [target.name, target] as const))('the corpus of %s', (name, target) => {
  const corpus = new Corpus(name).read()

  it('should be read, or refused, as it should', () => {
    expect(corpus.length).toBeGreaterThan(20)
    for (const { name: file, input } of corpus) {
      try {
        target.run(input)
      } catch (error) {
        throw new Error(`spec/fuzz/corpus/${name}/${file} shows a fault`, { cause: error })
      }
    }
  })

  it('should stay small', () => {
    expect(corpus.reduce((sum, { input }) => sum + input.length, 0)).toBeLessThan(150_000)
  })
})

describe('the fuzzed responses', () => {
  it('should be all that there are', () => {
    const folder = 'lib/protocol/requests'
    const declared = readdirSync(folder).flatMap((file) => [
      ...readFileSync(`${folder}/${file}`, 'utf8').matchAll(/Api: KafkaApi<[^=]*= \{\s*apiKey: (\d+)/g),
    ])
    expect(apis.map(({ apiKey }) => apiKey).sort()).toEqual(declared.map(([, apiKey]) => Number(apiKey)).sort())
  })
})
