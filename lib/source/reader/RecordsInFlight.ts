/** Sent and not acknowledged, of all splits together. */
export interface RecordsInFlight {
  records: number
}
