import { describe, expect, it } from '@jest/globals'
import { type Ownership, ownershipOf } from '../../lib/sink/transaction/ownershipOf.js'
import type { OwnerRecords } from '../../lib/stream/TwoPhaseCommit.js'

const records = (owners: readonly (readonly [string, number])[], other: Partial<OwnerRecords> = {}): OwnerRecords => ({
  ...{ firstAttempt: false, nameKnown: owners.length > 0, changing: 0 },
  owners: owners.map(([producerId, epoch]) => ({ producerId, epoch })),
  ...other,
})

const described = (producerId: bigint, epoch: number) => ({ producerId, epoch })

describe('ownershipOf', () => {
  it.each<[string, OwnerRecords, ReturnType<typeof described> | undefined, Ownership]>([
    ['never used', records([]), undefined, 'ours'],
    ['forgotten by the broker', records([['7', 3]]), undefined, 'ours'],
    ['used, and the store is empty', records([], { firstAttempt: true }), described(7n, 0), 'inUse'],
    ['used, and the store knows attempts, but no owner', records([]), described(7n, 0), 'foreign'],
    ['used, and an attempt was becoming the first owner', records([], { changing: 1 }), described(7n, 0), 'ours'],
    ['used again, and one attempt was becoming the owner', records([], { changing: 1 }), described(7n, 1), 'inUse'],
    ['used twice, and two attempts were becoming the owner', records([], { changing: 2 }), described(7n, 1), 'ours'],
    ['as the newest owner left it', records([['7', 3]]), described(7n, 3), 'ours'],
    ['as an older owner left it', records([['7', 4], ['7', 3]]), described(7n, 3), 'ours'], // prettier-ignore
    ['of a newer epoch that no attempt explains', records([['7', 3]]), described(7n, 4), 'foreign'],
    ['of a newer epoch while an attempt changes it', records([['7', 3]], { changing: 1 }), described(7n, 4), 'ours'],
    ['of an older epoch', records([['7', 3]], { changing: 1 }), described(7n, 2), 'foreign'],
    ['of another producer', records([['7', 3]]), described(8n, 0), 'foreign'],
    [
      'of another producer, new, while an attempt changes it',
      records([['7', 3]], { changing: 1 }),
      described(8n, 0),
      'ours',
    ],
    [
      'of another producer, used, while an attempt changes it',
      records([['7', 3]], { changing: 1 }),
      described(8n, 5),
      'foreign',
    ],
    [
      'of another producer when the epochs are used up',
      records([['7', 32_766]], { changing: 1 }),
      described(8n, 1),
      'ours',
    ],
    ['of a producer id beyond 2^53', records([['9007199254740993', 3]]), described(9007199254740993n, 3), 'ours'],
    ['of the producer id beside it', records([['9007199254740993', 3]]), described(9007199254740992n, 3), 'foreign'],
  ])('should say whose ids are that are %s', (_, known, found, ownership) => {
    expect(ownershipOf(known, found)).toBe(ownership)
  })
})
