/** ms to wait before a retry: first and largest wait, before jitter. Kafka's `retry.backoff.ms` and `retry.backoff.max.ms`. */
export interface BackoffConfig {
  readonly retryBackoffMs: number
  readonly retryBackoffMaxMs: number
}

/**
 * The wait before retry number `attempt` (the first is 1): doubles each time up to the maximum, give or take 20 %, so that
 * clients that failed together do not come back together (KIP-580).
 *
 * @param random in [0, 1)
 */
export const exponentialBackoff = (
  { retryBackoffMs, retryBackoffMaxMs }: BackoffConfig,
  attempt: number,
  random: number = Math.random(),
): number => Math.min(retryBackoffMs * 2 ** (attempt - 1), retryBackoffMaxMs) * (0.8 + 0.4 * random)
