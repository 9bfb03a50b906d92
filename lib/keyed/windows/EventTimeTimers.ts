/** What is to happen to something at a time. */
export interface EventTimeTimer<E> {
  readonly timestamp: number
  /** Of two timers of one time the lower goes first. */
  readonly order: number
  readonly event: E
}

/** What is due when event time gets there, in its order: a binary heap. */
export class EventTimeTimers<E> {
  private readonly heap: EventTimeTimer<E>[] = []

  register(timer: EventTimeTimer<E>): void {
    const { heap } = this
    let at = heap.push(timer) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(timer, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = timer
  }

  /** Takes the next one that is due at this time; undefined when there is none. */
  poll(time: number): EventTimeTimer<E> | undefined {
    const { heap } = this
    const first = heap[0]
    if (first === undefined || first.timestamp > time) return undefined
    const last = heap.pop()!
    if (heap.length > 0) this.sink(last)
    return first
  }

  /** Puts a timer to the top and lets it sink to its place. */
  private sink(timer: EventTimeTimer<E>): void {
    const { heap } = this
    let at = 0
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, timer)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = timer
  }
}

function isBefore(one: EventTimeTimer<unknown>, other: EventTimeTimer<unknown>): boolean {
  return one.timestamp < other.timestamp || (one.timestamp === other.timestamp && one.order < other.order)
}
