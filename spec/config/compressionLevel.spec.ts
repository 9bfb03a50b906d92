import { describe, expect, it } from '@jest/globals'
import * as either from 'fp-ts/lib/Either.js'
import { decodeProducerConfig } from '../../lib/config/producerConfig.js'

const levels = { 'compression.gzip.level': 1, 'compression.lz4.level': 12, 'compression.zstd.level': -7 }
const decode = (properties: Readonly<Record<string, string | number>>) =>
  decodeProducerConfig({ 'bootstrap.servers': '127.0.0.1:9092', ...properties })

describe('compression levels (KIP-390)', () => {
  it.each([
    ['none', undefined, 0],
    ['gzip', 1, 0],
    ['snappy', undefined, 0],
    ['lz4', 12, 1],
    ['zstd', -7, 0],
  ])('should be that of the codec: %s', (type, compressionLevel, warnings) => {
    const decoded = decode({ ...levels, 'compression.type': type })
    expect(decoded).toMatchObject(either.right({ producer: { compression: type, compressionLevel } }))
    expect(either.isRight(decoded) && decoded.right.warnings).toHaveLength(warnings)
  })

  it('should warn that lz4 has one level only where another is asked for', () => {
    expect(decode({ 'compression.type': 'lz4' })).toMatchObject(either.right({ warnings: [] }))
    expect(decode({ 'compression.type': 'lz4', 'compression.lz4.level': 12 })).toMatchObject(
      either.right({ warnings: [expect.stringContaining('compression.lz4.level has no effect')] }),
    )
  })

  it.each([
    ['compression.gzip.level', 0],
    ['compression.gzip.level', 10],
    ['compression.lz4.level', 0],
    ['compression.lz4.level', 18],
    ['compression.zstd.level', 23],
  ])('should refuse %s = %i', (name, level) => {
    expect(decode({ [name]: level })).toMatchObject(
      either.left([{ message: expect.stringContaining(`${name} must be`) }]),
    )
  })
})
