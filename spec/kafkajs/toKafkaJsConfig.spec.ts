import { describe, expect, it } from '@jest/globals'
import type { KafkaConfig } from '../../lib/client/KafkaConfig.js'
import { toKafkaJsConfig } from '../../lib/kafkajs/toKafkaJsConfig.js'

const config: KafkaConfig = {
  bootstrapServers: [],
  clientId: 'me',
  connectionTimeoutMs: 1,
  requestTimeoutMs: 2,
  retryBackoffMs: 3,
  retryBackoffMaxMs: 4,
  metadataMaxAgeMs: 5,
}

describe('toKafkaJsConfig', () => {
  it('should take IPv6 addresses with and without brackets', () => {
    expect(toKafkaJsConfig(config, { host: '[::1]', port: 9092 })).toMatchObject({ host: '::1', port: 9092 })
    expect(toKafkaJsConfig(config, { host: 'fe80::2', port: 9092 }).host).toBe('fe80::2')
  })

  it('should hand over times, client id and no security unless asked', () => {
    expect(toKafkaJsConfig(config, { host: 'h', port: 1 })).toMatchObject({
      clientId: 'me',
      connectionTimeout: 1,
      requestTimeout: 2,
      ssl: null,
    })
  })

  it('should hand over TLS', () => {
    expect(toKafkaJsConfig({ ...config, tls: { ca: 'pem' } }, { host: 'h', port: 1 }).ssl).toEqual({ ca: 'pem' })
  })

  it('should leave out what of TLS is undefined, which node:tls would take for a setting', () => {
    const tls = { ca: 'pem', checkServerIdentity: undefined, rejectUnauthorized: undefined }
    expect(Object.keys(toKafkaJsConfig({ ...config, tls }, { host: 'h', port: 1 }).ssl as object)).toEqual(['ca'])
  })

  it('should log what kafkajs calls an error as detail, since it comes back to us as an error', () => {
    const lines: string[] = []
    const log = (level: string) => (message: string) => void lines.push(`${level} ${message}`)
    const logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }

    toKafkaJsConfig({ ...config, logger }, { host: 'h', port: 1 })
      .logger.namespace('Connection')
      .error('lost')

    expect(lines).toEqual(['debug kafkajs: lost'])
  })
})
