/**
 * Real sockets have no virtual time: looks again every few milliseconds, so that brokers on the same machine get the
 * processor, and gives up before a spec that failed would keep jest alive.
 */
export const until = async (holds: () => boolean, deadlineMs = 4000): Promise<void> => {
  const startedAt = performance.now()
  while (!holds()) {
    if (performance.now() - startedAt > deadlineMs) throw new Error(`not so within ${deadlineMs} ms: ${String(holds)}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
