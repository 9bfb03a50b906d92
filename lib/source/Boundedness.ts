/** Whether a source ends by itself. */
export const Boundedness = {
  /** All splits end at their stopping offsets; there is no discovery after the first. */
  BOUNDED: 'BOUNDED',
  /** It goes on until it is stopped, or until all splits have reached their stopping offsets, if there are any. */
  CONTINUOUS_UNBOUNDED: 'CONTINUOUS_UNBOUNDED',
} as const

export type Boundedness = (typeof Boundedness)[keyof typeof Boundedness]
