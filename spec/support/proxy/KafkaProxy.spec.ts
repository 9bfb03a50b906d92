import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { freePorts } from '../kafka/freePorts.js'
import { framed, FramedServer } from './FramedServer.js'
import { type ApiName, apiKeys, FrameReader, responseCorrelationId } from './frames.js'
import { Interception } from './Interception.js'
import { KafkaProxy } from './KafkaProxy.js'

/** Sends numbered requests and hears the numbers of answers, in a row with how the connection ended. */
class Client {
  readonly heard: (number | string)[] = []
  readonly socket: Socket
  answeredBytes = 0
  private refused = false
  private awaited: { readonly count: number; readonly resolve: () => void } | undefined

  constructor(port: number) {
    const frames = new FrameReader()
    this.socket = connect(port, '127.0.0.1')
    this.socket.on('data', (chunk: Buffer) => {
      for (const frame of frames.push(chunk)) {
        this.answeredBytes += frame.length
        this.hear(responseCorrelationId(frame))
      }
    })
    this.socket.on('error', ({ code }: NodeJS.ErrnoException) => (this.refused = code === 'ECONNREFUSED'))
    this.socket.on('close', () => this.hear(this.refused ? 'refused' : 'gone'))
  }

  ask(api: ApiName, correlationId: number, body = Buffer.from('body')): void {
    const head = Buffer.alloc(4)
    head.writeInt16BE(apiKeys[api])
    this.socket.write(framed(head, [correlationId], body))
  }

  /** Resolves when so much is heard. */
  hears(count: number): Promise<readonly (number | string)[]> {
    return new Promise((resolve) => {
      this.awaited = { count, resolve: () => resolve(this.heard) }
      this.wake()
    })
  }

  private hear(what: number | string): void {
    this.heard.push(what)
    this.wake()
  }

  private wake(): void {
    if (this.awaited !== undefined && this.heard.length >= this.awaited.count) this.awaited.resolve()
  }
}

describe('KafkaProxy', () => {
  let server: FramedServer
  let proxy: KafkaProxy
  let port: number
  const clients: Client[] = []
  const client = () => {
    const made = new Client(port)
    clients.push(made)
    return made
  }

  beforeEach(async () => {
    server = await FramedServer.start()
    port = (await freePorts(1))[0]!
    proxy = await KafkaProxy.start({ port, target: server.address })
  })
  afterEach(async () => {
    for (const { socket } of clients.splice(0)) socket.destroy()
    await proxy.stop()
    await server.stop()
  })

  it('should carry requests and answers, also those that come in pieces or together', async () => {
    const asking = client()
    await once(asking.socket, 'connect')
    const request = framed(Buffer.from([0, 3, 0, 0]), [7], Buffer.alloc(300_000, 'x'))
    asking.socket.write(request.subarray(0, 2))
    await new Promise((resolve) => asking.socket.write(request.subarray(2, 9), resolve))
    asking.socket.write(Buffer.concat([request.subarray(9), request, request]))
    expect(await asking.hears(3)).toEqual([7, 7, 7])
    expect(asking.answeredBytes).toBe(3 * (8 + 300_000))
  })

  it('should lose the n-th response of one kind after the broker has acted', async () => {
    const lost = Interception.loseResponse('EndTxn', { after: 1 })
    proxy.intercept(lost)
    const asking = client()
    asking.ask('EndTxn', 1)
    asking.ask('Produce', 2)
    asking.ask('EndTxn', 3)
    expect(await asking.hears(3)).toEqual([1, 2, 'gone'])
    await lost.done
    expect(server.received).toEqual([apiKeys.EndTxn, apiKeys.Produce, apiKeys.EndTxn])

    const again = client()
    again.ask('EndTxn', 4)
    expect(await again.hears(1)).toEqual([4])
    expect(lost.hits).toBe(1)
  })

  it('should cut before the broker has seen the request', async () => {
    proxy.intercept(new Interception({ api: 'Produce', moment: 'request', times: 2, act: () => 'cut' }))
    for (let n = 0; n < 2; n++) {
      const asking = client()
      asking.ask('Produce', n)
      expect(await asking.hears(1)).toEqual(['gone'])
    }
    const third = client()
    third.ask('Produce', 3)
    expect(await third.hears(1)).toEqual([3])
    expect(server.received).toEqual([apiKeys.Produce])
  })

  it('should tell when a request passes, and count over several proxies', async () => {
    const [secondPort] = await freePorts(1)
    const second = await KafkaProxy.start({ port: secondPort!, target: server.address, brokerId: 2 })
    const seen: number[] = []
    const watching = new Interception({
      ...{ api: 'Fetch', moment: 'request', times: 2 },
      act: ({ brokerId }) => {
        seen.push(brokerId)
        return 'pass'
      },
    })
    for (const each of [proxy, second]) each.intercept(watching)
    const asking = new Client(secondPort!)
    clients.push(asking)
    asking.ask('Fetch', 1)
    expect(await asking.hears(1)).toEqual([1])
    const other = client()
    other.ask('Fetch', 2)
    other.ask('Fetch', 3)
    expect(await other.hears(2)).toEqual([2, 3])
    await watching.done
    expect(seen).toEqual([2, 0])
    await second.stop()
  })

  it.each(['rst', 'fin'] as const)('should cut by %s', async (how) => {
    const asking = client()
    asking.ask('Fetch', 1)
    await asking.hears(1)
    proxy.cut(how)
    expect(await asking.hears(2)).toEqual([1, 'gone'])
  })

  it('should refuse while it is told to, and listen again', async () => {
    await proxy.become({ refuse: true })
    expect(await client().hears(1)).toEqual(['refused'])
    await proxy.become({})
    const asking = client()
    asking.ask('Fetch', 1)
    expect(await asking.hears(1)).toEqual([1])
  })

  it.each([
    ['requests', []],
    ['both', []],
    ['responses', [apiKeys.Produce]],
  ] as const)('should swallow %s, for good', async (blackhole, received) => {
    const asking = client()
    await once(asking.socket, 'connect')
    await proxy.become({ blackhole })
    const moment = blackhole === 'responses' ? 'response' : 'request'
    const swallowed = new Interception({ api: 'Produce', moment, act: () => 'pass' })
    proxy.intercept(swallowed)
    asking.ask('Produce', 1)
    await swallowed.done
    await proxy.become({})
    asking.ask('Fetch', 2)
    expect(await asking.hears(1)).toEqual([2])
    expect(server.received).toEqual([...received, apiKeys.Fetch])
  })

  it('should delay each direction', async () => {
    await proxy.become({ delayMs: 60 })
    const began = performance.now()
    const asking = client()
    asking.ask('Fetch', 1)
    asking.ask('Fetch', 2)
    expect(await asking.hears(2)).toEqual([1, 2])
    expect(performance.now() - began).toBeGreaterThanOrEqual(115)
  })

  it('should throttle', async () => {
    await proxy.become({ bytesPerSecond: 100_000 })
    const began = performance.now()
    const asking = client()
    asking.ask('Fetch', 1, Buffer.alloc(20_000))
    await asking.hears(1)
    // 20 kB there and back; the first tick is free.
    expect(performance.now() - began).toBeGreaterThanOrEqual(300)
  })

  it('should pass on that a broker is gone', async () => {
    const asking = client()
    asking.ask('Fetch', 1)
    await asking.hears(1)
    await server.stop()
    expect(await asking.hears(2)).toEqual([1, 'gone'])
    const late = client()
    expect(await late.hears(1)).toEqual(['gone'])
    server = await FramedServer.start()
  })
})
