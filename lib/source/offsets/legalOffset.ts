import { described } from '../../checks/described.js'
import type { Offset } from '../../client/Offset.js'
import { NO_STOPPING_OFFSET, OffsetSentinel } from './OffsetSentinel.js'
import type { OffsetRole } from './OffsetsResolver.js'

const sentinels: Readonly<Record<OffsetRole, readonly unknown[]>> = {
  starting: [OffsetSentinel.EARLIEST, OffsetSentinel.LATEST, OffsetSentinel.COMMITTED],
  stopping: [OffsetSentinel.LATEST, OffsetSentinel.COMMITTED, NO_STOPPING_OFFSET],
}

/** An offset of a log, or one of Flink's markers that make sense there. */
export const isLegalOffset = (given: unknown, role: OffsetRole): given is Offset =>
  sentinels[role].includes(given) || (Number.isSafeInteger(given) && (given as number) >= 0)

/** Flink's message. */
export const illegalOffset = (key: string, given: unknown, role: OffsetRole): string =>
  role === 'starting'
    ? `Invalid starting offset ${described(given)} is specified for partition ${key}. It should either be non-negative or be one of the ` +
      '[-2(earliest), -1(latest), -3(committed)].'
    : `Illegal stopping offset ${described(given)} is specified for partition ${key}. It should either be non-negative or be one of the ` +
      '[-1(latest), -3(committed)].'
