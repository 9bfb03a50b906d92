import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

const channel = 'net.client.socket'

/** What sockets of this process have received since it was made, by the port they are connected to. */
export class BytesByPort {
  private readonly sockets: Socket[] = []
  private readonly note = (message: unknown): void => {
    this.sockets.push((message as { readonly socket: Socket }).socket)
  }

  constructor() {
    subscribe(channel, this.note)
  }

  from(port: number): number {
    return this.sockets
      .filter(({ remotePort }) => remotePort === port)
      .reduce((sum, { bytesRead }) => sum + bytesRead, 0)
  }

  stop(): void {
    unsubscribe(channel, this.note)
  }
}
