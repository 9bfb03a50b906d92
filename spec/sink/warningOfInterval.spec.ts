import { describe, expect, it } from '@jest/globals'
import type { Logger } from '../../lib/client/KafkaConfig.js'
import { DeliveryGuarantee } from '../../lib/sink/DeliveryGuarantee.js'
import { SinkScene } from './sinkScene.js'

const { NONE, AT_LEAST_ONCE, EXACTLY_ONCE } = DeliveryGuarantee

/** What a sink warns of at its start, with this interval of checkpoints. */
const warnings = (guarantee: DeliveryGuarantee, interval: number): readonly string[] => {
  const scene = new SinkScene()
  const lines: string[] = []
  const silent = () => undefined
  const logger: Logger = { debug: silent, info: silent, warn: (line) => lines.push(line), error: silent }
  scene.play(() => {
    const coordinator = scene.coordinator({ interval })
    scene.start(scene.job({ coordinator, count: 5 }, { guarantee, logger }))
  }, 1000)
  return lines
}

describe('a coordinator that takes no checkpoint by itself', () => {
  it('should be warned of once by EXACTLY_ONCE, whose records nobody sees', () => {
    expect(warnings(EXACTLY_ONCE, 0)).toEqual([
      expect.stringMatching(
        /no interval.*stays invisible to read_committed readers until trigger\(\), stopWithSavepoint\(\).*transaction\.timeout\.ms.*interval/,
      ),
    ])
  })

  it('should be warned of once by AT_LEAST_ONCE, which writes all again after a restart', () => {
    expect(warnings(AT_LEAST_ONCE, 0)).toEqual([expect.stringMatching(/no interval.*writes? again all records/)])
  })

  it.each([
    [NONE, 0],
    [AT_LEAST_ONCE, 100],
    [EXACTLY_ONCE, 100],
  ])('should be no word worth with %s and an interval of %p', (guarantee, interval) => {
    expect(warnings(guarantee, interval)).toEqual([])
  })
})
