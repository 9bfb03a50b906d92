import { describe, expect, it } from '@jest/globals'
import { defer, of, throwError } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { CheckpointError } from '../../../lib/checkpoint/CheckpointError.js'
import { keepLease } from '../../../lib/checkpoint/attempt/keepLease.js'
import { LEASE_MS } from '../../../lib/checkpoint/store/CheckpointStore.js'

/** When a lease is renewed within 7 s, by a store that fails like this at its second renewal, and how it ends. */
const renewals = (failure?: Error) => {
  const scheduler = new TestScheduler(() => undefined)
  const at: number[] = []
  const ends: unknown[] = []
  const renew = () =>
    defer(() => {
      at.push(scheduler.now())
      return failure !== undefined && at.length === 2 ? throwError(() => failure) : of(undefined)
    })
  scheduler.run(({ flush }) => {
    const kept = keepLease({ renew, release: () => of(undefined) }, scheduler).subscribe({
      error: (error: unknown) => ends.push(error),
      complete: () => ends.push('completed'),
    })
    scheduler.schedule(() => kept.unsubscribe(), 7000)
    flush()
  })
  return { at, ends }
}

describe('keepLease', () => {
  it('should renew it at once and every 2 s, which is three times before it counts as dead', () => {
    expect(renewals()).toEqual({ at: [0, 2000, 4000, 6000], ends: [] })
    expect(LEASE_MS).toBe(6000)
  })

  it('should go on after a renewal that failed', () => {
    expect(renewals(new Error('the disk is full'))).toEqual({ at: [0, 2000, 4000, 6000], ends: [] })
  })

  it('should end when a newer attempt has taken over', () => {
    const superseded = new CheckpointError('Superseded', 'by attempt 2')
    expect(renewals(superseded)).toEqual({ at: [0, 2000], ends: [superseded] })
  })

  it('should be done where the store has no leases', () => {
    const ends: string[] = []
    keepLease(undefined, new TestScheduler(() => undefined)).subscribe({ complete: () => ends.push('completed') })
    expect(ends).toEqual(['completed'])
  })
})
