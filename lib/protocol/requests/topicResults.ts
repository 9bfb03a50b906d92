import type { ByteReader } from '../ByteReader.js'

export interface TopicResult {
  readonly topic: string
  readonly errorCode: number
  readonly errorMessage: string | null
}

/** What became of a change of topics, topic by topic. */
export interface TopicResults {
  readonly throttleTimeMs: number
  readonly topics: readonly TopicResult[]
}

/** @param readMessage reads what stands behind the error code, if anything does */
export const readTopicResults = (
  reader: ByteReader,
  readMessage: (reader: ByteReader) => string | null,
): TopicResults => ({
  throttleTimeMs: reader.readInt32(),
  topics: reader.readArray(() => ({
    topic: reader.readString(),
    errorCode: reader.readInt16(),
    errorMessage: readMessage(reader),
  })),
})
