import { KafkaError } from '../client/KafkaError.js'

/** What a response says nothing of, though it was asked about. */
export interface Unanswered {
  readonly api: string
  /** `partition t-0`, `transactional.id "job-0-1"` */
  readonly what: string
  readonly topic?: string | undefined
  readonly partition?: number | undefined
  readonly transactionalId?: string | undefined
}

/** A response that leaves out what it was asked about. Silence is not taken for an answer, such as "not known"; retriable. */
export const noAnswer = (broker: string, { what, ...about }: Unanswered): KafkaError =>
  new KafkaError({
    ...about,
    _tag: 'Broker',
    message:
      `${broker} answered ${about.api} without an answer for ${what}, which it was asked about. Its answer was ` +
      'damaged on the way, or it is no Kafka broker; check that no proxy rewrites the traffic.',
    retriable: true,
  })
