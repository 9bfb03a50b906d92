import { describe, expect, it } from '@jest/globals'
import { Escapes } from './nothingEscapes.js'

describe('Escapes', () => {
  it('should hear of what would have ended the process, and of nothing once it has stopped', async () => {
    const escapes = new Escapes()
    setImmediate(() => {
      throw new Error('thrown')
    })
    void Promise.reject(new Error('rejected'))
    await new Promise((resolve) => setTimeout(resolve, 20))
    escapes.stop()

    expect(escapes.errors.map(String).sort()).toEqual(['Error: rejected', 'Error: thrown'])
  })
})
