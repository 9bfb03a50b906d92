/** Where to go when there is no offset to start from: the first kept record, the end, or an error. */
export const OffsetResetStrategy = {
  EARLIEST: 'earliest',
  LATEST: 'latest',
  NONE: 'none',
} as const

export type OffsetResetStrategy = (typeof OffsetResetStrategy)[keyof typeof OffsetResetStrategy]
