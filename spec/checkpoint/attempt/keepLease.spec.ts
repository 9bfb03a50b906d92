import { describe, expect, it } from '@jest/globals'
import { defer, of, Subject, throwError } from 'rxjs'
import { CheckpointError } from '../../../lib/checkpoint/CheckpointError.js'
import { keepLease } from '../../../lib/checkpoint/attempt/keepLease.js'
import { LEASE_MS } from '../../../lib/checkpoint/store/CheckpointStore.js'
import { runMarbles } from '../../../lib/testing/runMarbles.js'

/** A lease whose second renewal fails like this, and when it is renewed. */
const leaseOf = (failure?: Error) => {
  const renewed$ = new Subject<string>()
  let renewals = 0
  const renew = () =>
    defer(() => {
      renewed$.next('r')
      return ++renewals === 2 && failure !== undefined ? throwError(() => failure) : of(undefined)
    })
  return { renewed$, lease: { renew, release: () => of(undefined) } }
}

describe('keepLease', () => {
  it('should renew it at once and every 2 s, which is three times before it counts as dead', () => {
    runMarbles(({ scheduler, expectObservable }) => {
      const { renewed$, lease } = leaseOf()
      expectObservable(renewed$).toBe('r 1999ms r 1999ms r 1999ms r')
      expectObservable(keepLease(lease, scheduler), '^ 6999ms !').toBe('-')
    })
    expect(LEASE_MS).toBe(6000)
  })

  it('should go on after a renewal that failed', () => {
    runMarbles(({ scheduler, expectObservable }) => {
      const { renewed$, lease } = leaseOf(new Error('the disk is full'))
      expectObservable(renewed$).toBe('r 1999ms r 1999ms r 1999ms r')
      expectObservable(keepLease(lease, scheduler), '^ 6999ms !').toBe('-')
    })
  })

  it('should end when a newer attempt has taken over', () => {
    runMarbles(({ scheduler, expectObservable }) => {
      const superseded = new CheckpointError('Superseded', 'by attempt 2')
      const { renewed$, lease } = leaseOf(superseded)
      expectObservable(renewed$).toBe('                   r 1999ms r')
      expectObservable(keepLease(lease, scheduler)).toBe('2s       #', {}, superseded)
    })
  })

  it('should be done where the store has no leases', () => {
    runMarbles(({ scheduler, expectObservable }) => {
      expectObservable(keepLease(undefined, scheduler)).toBe('|')
    })
  })
})
