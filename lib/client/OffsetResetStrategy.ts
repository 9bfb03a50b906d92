/** Where to go when there is no offset to start from: the first kept record, the end, or an error. */
export const OffsetResetStrategy = {
  /** The first record that is kept. */
  EARLIEST: 'earliest',
  /** The end of the log: what is there now is not read. */
  LATEST: 'latest',
  /** An error. */
  NONE: 'none',
} as const

export type OffsetResetStrategy = (typeof OffsetResetStrategy)[keyof typeof OffsetResetStrategy]
