/** An error and what caused it, outermost first. */
const chainOf = (error: unknown): readonly Error[] => {
  const chain: Error[] = []
  for (let next = error; next instanceof Error && chain.length < 10; next = next.cause) chain.push(next)
  return chain
}

/** Transactions that an error names as lost. */
export const lostTransactions = (error: unknown): readonly string[] => {
  const chain = chainOf(error)
  if (!chain.some((each) => '_tag' in each && each._tag === 'TransactionLost')) return []
  return [...new Set(chain.flatMap(({ message }) => message.match(/\b(?:out|also|dead\d)(?:\.\d+)?-\d+-\d+\b/g) ?? []))]
}

/** All that an error says, with what caused it. */
export const textOf = (error: unknown): string =>
  chainOf(error)
    .map(({ message }) => message)
    .join(' ')

export const isSuperseded = (error: unknown): boolean => isTagged(error, 'Superseded')

/** Whether another process of the job went on, since this one took too long to begin. */
export const isNotTakenOver = (error: unknown): boolean => isTagged(error, 'NotTakenOver')

const isTagged = (error: unknown, tag: string): boolean =>
  error instanceof Error && '_tag' in error && error._tag === tag

/** In a line. */
export const nameOfError = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const tag = '_tag' in error ? `/${String(error._tag)}` : ''
  const retriable = 'retriable' in error && error.retriable === false ? ', no retry' : ''
  return `${error.name}${tag}${retriable}: ${error.message}`
}
