/** Sources of one group wait for each other: none reads further ahead of the slowest than the maximum drift. */
export interface WatermarkAlignment {
  /** Its name. All sources in this process that name it belong to it. */
  readonly group: string
  /** ms of event time */
  readonly maxDrift: number
  /** how often watermarks are compared, in ms; default 1000 */
  readonly updateInterval?: number | undefined
}
