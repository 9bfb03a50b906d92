/** Before each spec of the run that finds out which specs come by which mutants: what `withHits` calls. */
import { appendFileSync } from 'node:fs'
import { relative } from 'node:path'
import { afterAll, expect } from '@jest/globals'
import { HIT } from './edits.js'

const places = new Set<number>()

Object.assign(globalThis, {
  [HIT]: (place: number, value?: unknown): unknown => {
    places.add(place)
    return value
  },
})

afterAll(() => {
  const spec = relative(process.cwd(), expect.getState().testPath!)
  appendFileSync(process.env['MUTATION_HITS']!, `${JSON.stringify({ spec, places: [...places] })}\n`)
})
