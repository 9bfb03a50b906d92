import { describe, expect, it } from '@jest/globals'
import type { Logger } from '../../lib/client/KafkaConfig.js'
import { DeliveryGuarantee } from '../../lib/sink/DeliveryGuarantee.js'
import { SinkScene } from './sinkScene.js'

const { NONE, AT_LEAST_ONCE, EXACTLY_ONCE } = DeliveryGuarantee

/** What a sink warns of that has no end, with this interval of checkpoints, and when. */
const warnings = (guarantee: DeliveryGuarantee, interval: number, forMs = 12_000, triggerAt = Infinity) => {
  const scene = new SinkScene()
  const lines: (readonly [number, string])[] = []
  const silent = () => undefined
  const logger: Logger = {
    ...{ debug: silent, info: silent, error: silent },
    warn: (line) => void lines.push([scene.scheduler.now(), line]),
  }
  scene.play(() => {
    const coordinator = scene.coordinator({ interval })
    scene.start(scene.job({ coordinator }, { guarantee, logger, properties: { 'transaction.timeout.ms': 900_000 } }))
    if (triggerAt < Infinity) scene.at(triggerAt, () => coordinator.trigger())
  }, forMs)
  return lines
}

describe('a coordinator that takes no checkpoint by itself', () => {
  it('should be told once by EXACTLY_ONCE, whose records nobody sees', () => {
    expect(warnings(EXACTLY_ONCE, 0)).toEqual([
      [
        10_000,
        expect.stringMatching(
          /no interval.*interval \}.*invisible to read_committed readers until trigger\(\), stopWithSavepoint\(\).*transaction\.timeout\.ms/,
        ),
      ],
    ])
  })

  it('should be told once by AT_LEAST_ONCE, which writes all again after a restart', () => {
    expect(warnings(AT_LEAST_ONCE, 0)).toEqual([
      [10_000, expect.stringMatching(/no interval.*writes? again all records/)],
    ])
  })

  it.each([
    [NONE, 0, 12_000, Infinity],
    [AT_LEAST_ONCE, 100, 12_000, Infinity],
    [EXACTLY_ONCE, 100, 12_000, Infinity],
    [EXACTLY_ONCE, 0, 9_999, Infinity],
    [EXACTLY_ONCE, 0, 12_000, 5_000],
  ])(
    'should be no word worth with %s, an interval of %p, within %p ms, triggered at %p',
    (guarantee, interval, forMs, triggerAt) => {
      expect(warnings(guarantee, interval, forMs, triggerAt)).toEqual([])
    },
  )
})
