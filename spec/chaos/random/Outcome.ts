/** What must never be, by kind. */
export type ViolationKind =
  /** a record is not there for readers of committed records, and no error has said so */
  | 'lost'
  | 'doubled'
  | 'disorder'
  /** a record that the job should not have made */
  | 'invented'
  /** a record becomes visible only long after the last fault */
  | 'held'
  /** a transaction is still open when the job has ended */
  | 'open'
  /** `stopWithSavepoint` has answered, and a transaction of that process is not committed */
  | 'answered early'
  /** the job does not stop, or does not end */
  | 'hang'
  /** it fails again, however often it is started */
  | 'beyond restart'
  /** a start initialises more transactional ids than a constant */
  | 'probing'
  /** a process has superseded another one, and could not begin, or was replaced by it before */
  | 'usurped'
  /** what should be an error or a warning is none */
  | 'silence'
  /** an error that no stream has */
  | 'unhandled'

export interface Violation {
  readonly kind: ViolationKind
  readonly what: string
}

/** A line of what happened. */
export interface Happening {
  readonly at: number
  readonly what: string
}

/** How a script went. */
export interface Outcome {
  readonly violations: readonly Violation[]
  readonly happenings: readonly Happening[]
  /** how often an event of a kind took place; `kill on before EndTxn` counts for `kill` */
  readonly took: Readonly<Record<string, number>>
  /** ms of virtual time */
  readonly virtualMs: number
  /** things that processes did */
  readonly acts: number
  /** records that errors rightly named as lost */
  readonly reported: number
  /** processes there were */
  readonly starts: number
}
