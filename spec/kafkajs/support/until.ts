/** Real sockets have no virtual time: looks again after each turn of the event loop; jest's time-out is the limit. */
export const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}
