import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { lastValueFrom, retry, takeUntil, tap, timer } from 'rxjs'
import { isKafkaError } from '../../../lib/client/KafkaError.js'
import { apiVersionsApi } from '../../../lib/protocol/requests/apiVersions.js'
import { fetchApi } from '../../../lib/protocol/requests/fetch.js'
import { initProducerIdApi } from '../../../lib/protocol/requests/initProducerId.js'
import { listOffsetsApi } from '../../../lib/protocol/requests/listOffsets.js'
import { metadataApi } from '../../../lib/protocol/requests/metadata.js'
import { produceApi } from '../../../lib/protocol/requests/produce.js'
import { saslAuthenticateApi } from '../../../lib/protocol/requests/saslAuthenticate.js'
import { saslHandshakeApi } from '../../../lib/protocol/requests/saslHandshake.js'
import { randomBySeed } from '../../chaos/randomBySeed.js'
import { mutate } from '../../fuzz/mutate.js'
import { nothingEscapes } from '../../support/nothingEscapes.js'
import { copyJob } from './copyJob.js'
import { HonestBroker, ON_ACCEPT } from './HonestBroker.js'
import { misbehaviours } from './misbehaviours.js'

const phases = {
  'on accept': ON_ACCEPT,
  ApiVersions: apiVersionsApi.apiKey,
  SaslHandshake: saslHandshakeApi.apiKey,
  SaslAuthenticate: saslAuthenticateApi.apiKey,
  Metadata: metadataApi.apiKey,
  ListOffsets: listOffsetsApi.apiKey,
  Fetch: fetchApi.apiKey,
  InitProducerId: initProducerIdApi.apiKey,
  Produce: produceApi.apiKey,
}

const tsx = createRequire(join(process.cwd(), 'package.json')).resolve('tsx')

describe('a hostile peer', () => {
  nothingEscapes()
  let peer: HonestBroker
  beforeEach(async () => {
    peer = await HonestBroker.start()
  })
  afterEach(() => peer.stop())

  describe.each(Object.entries(phases))('in the place of an answer: %s', (_, apiKey) => {
    it.each(Object.entries(misbehaviours))(
      'should cost a connection, by %s, and the job goes on',
      async (_, misbehaviour) => {
        const errors: unknown[] = []
        peer.misbehave(apiKey, misbehaviour, 2)

        const job$ = copyJob(peer.address).pipe(
          tap({ error: (error) => errors.push(error) }),
          retry({ count: 5, delay: () => timer(1) }),
        )
        await lastValueFrom(job$, { defaultValue: undefined })

        expect(peer.written).toEqual(expect.arrayContaining(['a', 'b', 'c']))
        expect(errors.filter((error) => !isKafkaError(error))).toEqual([])
      },
      20_000,
    )
  })

  it.each(Array.from({ length: 30 }, (_, seed) => seed))(
    'should not end the process, whatever its answers say (seed %i)',
    async (seed) => {
      const random = randomBySeed(seed)
      let altered = 0
      peer.broker.alter = (body) => {
        if (random(3) > 0) return body
        altered++
        return mutate(body, body, random, 10_000)
      }
      const errors: unknown[] = []
      const job$ = copyJob(peer.address).pipe(
        tap({ error: (error) => errors.push(error) }),
        retry({ delay: () => timer(1) }),
        takeUntil(timer(300)),
      )
      await lastValueFrom(job$, { defaultValue: undefined })

      expect(altered).toBeGreaterThan(0)
      expect(errors.filter((error) => !isKafkaError(error))).toEqual([])
    },
    20_000,
  )

  it.each([
    ['on accept', 'noise'],
    ['ApiVersions', 'a frame of 0 bytes'],
    ['SaslAuthenticate', 'an answer of noise'],
    ['Metadata', 'a frame of -1 bytes'],
    ['Fetch', 'a frame of 2^31-1 bytes, endless'],
    ['Produce', 'a reset in the middle of a frame'],
  ] as const)(
    'should leave a process alive that has it, %s, by %s',
    async (phase, misbehaviour) => {
      peer.misbehave(phases[phase], misbehaviours[misbehaviour]!, 3)
      const script = join(process.cwd(), 'spec/kafkajs/hostile/copyProcess.ts')
      const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--import', tsx, script, peer.address])

      expect(JSON.parse(stdout)).toBeInstanceOf(Array)
      expect(stderr).not.toMatch(/ at /)
      expect(peer.written).toEqual(expect.arrayContaining(['a', 'b', 'c']))
    },
    30_000,
  )
})
