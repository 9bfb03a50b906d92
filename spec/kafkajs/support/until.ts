/**
 * Real sockets have no virtual time: looks again every few milliseconds, so that brokers on the same machine get the
 * processor. jest's time-out is the limit.
 */
export const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2))
}
