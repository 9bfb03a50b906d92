/** A promise, of whatever make: what is asked to answer at once has answered that it will answer later. */
export const isThenable = (given: unknown): given is PromiseLike<unknown> =>
  typeof given === 'object' && given !== null && typeof (given as { readonly then?: unknown }).then === 'function'
