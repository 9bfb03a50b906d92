/** The first of these times, of those that are known: since when any of several things stands still. */
export const earliest = (times: readonly (number | undefined)[]): number | undefined =>
  times.reduce((first, time) => (first === undefined || (time !== undefined && time < first) ? time : first), undefined)
