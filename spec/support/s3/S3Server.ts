import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

const PAGE = 1_000

export interface S3ServerOptions {
  /** Whether the answer to the nth request that changes something is lost: the connection is cut when it has acted. */
  readonly loses?: (nth: number) => boolean
}

/**
 * One bucket of S3 on 127.0.0.1, as far as a checkpoint storage asks: PutObject with `If-None-Match: *`, GetObject, ListObjectsV2 in pages of
 * 1,000 by key, DeleteObject. It answers as Amazon documents these calls, checks no signature, and is atomic: a request acts when its body
 * is complete. None of the S3 servers of the npm registry knows conditional writes.
 */
export class S3Server {
  readonly objects = new Map<string, string>()
  private readonly server: Server
  private changes = 0

  constructor(private readonly options: S3ServerOptions = {}) {
    this.server = createServer((request, response) => void this.answer(request, response))
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://s3')
    const [, , ...path] = pathname.split('/')
    const key = decodeURIComponent(path.join('/'))
    const { status, body } = this.act(request, key, searchParams, Buffer.concat(chunks).toString())
    const changes = request.method === 'PUT' || request.method === 'DELETE'
    if (changes && this.options.loses?.(this.changes++) === true) return void response.socket?.destroy()
    response.writeHead(status, key === '' || status >= 400 ? { 'content-type': 'application/xml' } : {})
    response.end(body)
  }

  private act({ method, headers }: IncomingMessage, key: string, query: URLSearchParams, body: string): Answer {
    const there = this.objects.get(key)
    switch (method) {
      case 'GET':
        if (key === '' && query.get('list-type') === '2') return this.list(query)
        return there === undefined ? failed(404, 'NoSuchKey') : { status: 200, body: there }
      case 'PUT':
        if (headers['if-none-match'] === '*' && there !== undefined) return failed(412, 'PreconditionFailed')
        this.objects.set(key, body)
        return { status: 200 }
      case 'DELETE':
        this.objects.delete(key)
        return { status: 204 }
      default:
        return failed(501, 'NotImplemented')
    }
  }

  private list(query: URLSearchParams): Answer {
    const after = query.get('continuation-token') ?? ''
    const keys = [...this.objects.keys()]
      .filter((key) => key.startsWith(query.get('prefix') ?? '') && key > after)
      .sort()
    const page = keys.slice(0, Math.min(PAGE, Number(query.get('max-keys') ?? PAGE)))
    const next = page.length < keys.length ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : ''
    const contents = page.map((key) => `<Contents><Key>${key}</Key></Contents>`).join('')
    return { status: 200, body: xml('ListBucketResult', `<IsTruncated>${next !== ''}</IsTruncated>${next}${contents}`) }
  }
}

interface Answer {
  readonly status: number
  readonly body?: string
}

const xml = (name: string, content: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?><${name}>${content}</${name}>`

const failed = (status: number, code: string): Answer => ({ status, body: xml('Error', `<Code>${code}</Code>`) })
