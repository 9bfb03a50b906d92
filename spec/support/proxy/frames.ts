/** Which request a frame carries, by Kafka's API keys: those a job of ours sends. */
export const apiKeys = {
  Produce: 0,
  Fetch: 1,
  ListOffsets: 2,
  Metadata: 3,
  OffsetCommit: 8,
  OffsetFetch: 9,
  FindCoordinator: 10,
  ApiVersions: 18,
  InitProducerId: 22,
  AddPartitionsToTxn: 24,
  EndTxn: 26,
  DescribeConfigs: 32,
} as const

export type ApiName = keyof typeof apiKeys

/** `Size => INT32`, then so many bytes: a request or a response as a whole, its size included. */
export class FrameReader {
  private bytes: Buffer = Buffer.alloc(0)

  /** The frames that this chunk completes. */
  push(chunk: Buffer): readonly Buffer[] {
    this.bytes = this.bytes.length === 0 ? chunk : Buffer.concat([this.bytes, chunk])
    const frames: Buffer[] = []
    while (this.bytes.length >= 4) {
      const end = 4 + this.bytes.readInt32BE(0)
      if (this.bytes.length < end) break
      frames.push(this.bytes.subarray(0, end))
      this.bytes = this.bytes.subarray(end)
    }
    return frames
  }
}

/** `request_api_key => INT16, request_api_version => INT16, correlation_id => INT32` */
export const requestHeader = (frame: Buffer): { readonly apiKey: number; readonly correlationId: number } => ({
  apiKey: frame.readInt16BE(4),
  correlationId: frame.readInt32BE(8),
})

/** `correlation_id => INT32` */
export const responseCorrelationId = (frame: Buffer): number => frame.readInt32BE(4)
