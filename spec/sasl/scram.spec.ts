import { performance } from 'node:perf_hooks'
import { describe, expect, it } from '@jest/globals'
import { MAX_ITERATIONS, scramSession } from '../../lib/sasl/scram.js'

const nonce = 'rOprNGfwEbeRWgbNEkqO'
const bothNonces = `${nonce}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0`
const serverFirst = `r=${bothNonces},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`
const signature = '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='

const login = (username = 'user') => scramSession('sha256', { username, password: 'pencil' }, nonce)

/** What it says after its first message. */
const answering = async (message: Buffer | string) => {
  const client = login()
  await client.next()
  return client.next(Buffer.from(message))
}

describe('scramSession', () => {
  it('should say what RFC 7677 has as its example', async () => {
    const client = login()

    expect(String((await client.next()).value)).toBe(`n,,n=user,r=${nonce}`)
    expect(String((await client.next(Buffer.from(serverFirst))).value)).toBe(
      `c=biws,r=${bothNonces},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`,
    )
    expect(await client.next(Buffer.from(`v=${signature}`))).toEqual({ done: true, value: undefined })
  })

  it('should escape commas and equal signs of a user name', async () => {
    expect(String((await login('a=b,c').next()).value)).toBe(`n,,n=a=3Db=2Cc,r=${nonce}`)
  })

  it('should draw another nonce for each login', async () => {
    const first = () => scramSession('sha512', { username: 'u', password: 'p' }).next()
    expect(String((await first()).value)).not.toBe(String((await first()).value))
  })

  it.each([
    ['nothing', '', 'none of SCRAM'],
    ['noise', Buffer.from([0, 1, 2, 3]), 'none of SCRAM'],
    ['bytes that are not UTF-8', Buffer.concat([Buffer.from(serverFirst), Buffer.from([0xff])]), 'not UTF-8'],
    ['no salt', `r=${bothNonces},i=4096`, 'none of SCRAM'],
    ['no nonce', 's=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096', 'none of SCRAM'],
    ['no iterations', `r=${bothNonces},s=W22ZaJ0SNY7soEsUEjb6gQ==`, 'none of SCRAM'],
    ['a salt that is not base64', `r=${bothNonces},s=?,i=4096`, 'none of SCRAM'],
    ['an extension that must be understood', `m=x,${serverFirst}`, 'none of SCRAM'],
    ['the nonce of another login', serverFirst.replace(nonce, 'x'), 'nonce'],
    ['iterations that are no number', serverFirst.replace('4096', '-4096'), 'none of SCRAM'],
    ['too few iterations', serverFirst.replace('4096', '4095'), 'asks for 4095 iterations, less than 4096'],
    ['too many iterations', serverFirst.replace('4096', '1000001'), 'asks for 1000001 iterations, more than 1000000'],
    ['2·10⁹ iterations', serverFirst.replace('4096', '2000000000'), 'more than 1000000'],
    ['iterations beyond all numbers', serverFirst.replace('4096', '9'.repeat(400)), 'more than 1000000'],
  ])('should refuse a first message with %s', async (_, message, problem) => {
    await expect(answering(message)).rejects.toThrow(problem)
  })

  it.each([
    ['another signature', `v=${signature.replace('6', '7')}`, 'its signature is wrong'],
    ['a signature of another length', 'v=AAAA', 'its signature is wrong'],
    ['no signature', 'v=', 'its signature is wrong'],
    ['an error', 'e=other-error', 'refuses: "other-error"'],
    ['nothing', '', 'none of SCRAM'],
    ['its first message again', serverFirst, 'none of SCRAM'],
  ])('should refuse a final message with %s', async (_, message, problem) => {
    const client = login()
    await client.next()
    await client.next(Buffer.from(serverFirst))
    await expect(client.next(Buffer.from(message))).rejects.toThrow(problem)
  })

  it('should leave the loop free while it counts as many iterations as it takes', async () => {
    let turns = 0
    const turn = setInterval(() => turns++, 1)
    const startedAt = performance.now()
    await answering(serverFirst.replace('4096', String(MAX_ITERATIONS)))
    clearInterval(turn)

    expect(turns).toBeGreaterThan((performance.now() - startedAt) / 50)
  }, 30_000)
})
