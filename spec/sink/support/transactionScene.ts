import { defer, EMPTY, NEVER, type Observable, of, throwError } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import type { TransactionDescription, TransactionState } from '../../../lib/client/TransactionDescription.js'
import { coroutine, type Step } from '../../../lib/scheduling/coroutine.js'
import type { SinkTransactions } from '../../../lib/sink/transaction/SinkTransactions.js'
import type { RecordedTransactions } from '../../../lib/sink/transaction/strategy/TransactionStrategy.js'
import type { KafkaWriterState } from '../../../lib/sink/writer/KafkaWriterState.js'
import type { OwnerRecords } from '../../../lib/stream/TwoPhaseCommit.js'

export const described = (state: TransactionState, producerId = 7n, epoch = 0) =>
  ({ state, producerId, epoch }) as TransactionDescription

export const firstAttempt: OwnerRecords = { firstAttempt: true, nameKnown: false, owners: [], changing: 0 }

export interface Scene {
  readonly ids?: Readonly<Record<string, TransactionDescription>>
  readonly policy?: 'fail' | 'takeOver'
  readonly owners?: OwnerRecords
  readonly superseded?: boolean
  /** whose initialisation got no answer at first */
  readonly inDoubt?: string
}

/** The transactions of a subtask at a coordinator that knows these ids; and what was asked, of it and of the store. */
export const scene = ({
  ids = {},
  policy = 'fail',
  owners = firstAttempt,
  superseded = false,
  inDoubt,
}: Scene = {}) => {
  const asked: string[] = []
  const warnings: string[] = []
  const known = new Map(Object.entries(ids))
  /** what fails, by how it begins */
  const broken = new Set<string>()
  const released: number[] = []
  const note = <A>(what: string, answer: () => Observable<A>): Observable<A> =>
    defer(() => {
      asked.push(what)
      return broken.has(what.split(' ')[0]!) ? throwError(() => new Error(`no ${what}`)) : answer()
    })
  const sink = {
    client: {
      admin: {
        describeTransactions: (some: readonly string[]) =>
          note(`describe ${some.length}`, () =>
            of(new Map(some.flatMap((id) => (known.has(id) ? [[id, known.get(id)!] as const] : [])))),
          ),
        listTransactions: (states: readonly TransactionState[]) =>
          note('list', () =>
            of(
              [...known]
                .filter(([, { state }]) => states.includes(state))
                .map(([transactionalId, { state }]) => ({ transactionalId, state })),
            ),
          ),
      },
      transactionalProducer: (transactionalId: string) => ({
        init: () =>
          note(`init ${transactionalId}`, () => {
            const { producerId, epoch } = known.get(transactionalId) ?? described('Empty', 7n, -1)
            known.set(transactionalId, described('Empty', producerId, epoch + 1))
            return of({ transactionalId, producerId, epoch: epoch + 1, inDoubt: transactionalId === inDoubt })
          }),
        close: () => note(`close ${transactionalId}`, () => of(undefined)),
      }),
    },
    config: {
      prefixInUsePolicy: policy,
      producer: { transactionTimeoutMs: 1000 },
      client: { retryBackoffMs: 100, retryBackoffMaxMs: 1000 },
    },
    ...{ prefix: 'job', subtaskIndex: 0, scheduler: new TestScheduler(() => undefined) },
    logger: { warn: (message: string) => warnings.push(message) },
    twoPhase: {
      ownerRecords: () => of(owners),
      recordOwner: (owner: { epoch: number } | undefined) =>
        note(`record owner ${owner === undefined ? '…' : owner.epoch}`, () => of(undefined)),
      inheritance$: NEVER,
      decide: () => NEVER,
      goBack: () => NEVER,
      settled: () => EMPTY,
      nextNumber: (after: number) => of(after + 1),
      passOver: (first: number, last: number) => note(`pass over ${first}–${last}`, () => of(undefined)),
      release: (below: number) => released.push(below),
      confirm: () => note('confirm', () => (superseded ? throwError(() => new Error('superseded')) : of(undefined))),
      leave: () => undefined,
    },
  } as unknown as SinkTransactions
  return { sink, asked, warnings, released, broken }
}

export const outcomeOf = (body: () => Generator<Step, unknown>): unknown => {
  let outcome: unknown
  coroutine(body).subscribe({ next: (value) => (outcome = value), error: (error: unknown) => (outcome = error) })
  return outcome
}

/** What a checkpoint holds of the subtask, in which no transaction is prepared. */
export const stateOf = (lastNumber?: number): KafkaWriterState => ({
  ...{ transactionalIdPrefix: 'job', subtaskIndex: 0, parallelism: 1, checkpointId: 4, committables: [] },
  naming: { strategy: 'INCREMENTING', ...(lastNumber === undefined ? {} : { lastNumber }) },
})

export const recorded: RecordedTransactions = {
  ...{ attemptId: 'attempt-000001', name: 'job', subtaskIndex: 0, states: [], unrecorded: false },
  blocks: [{ first: 1, last: 3 }],
}
