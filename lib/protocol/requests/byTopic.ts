import type { ByteReader } from '../ByteReader.js'
import type { ByteWriter } from '../ByteWriter.js'

/**
 * Most requests and answers are grouped on the wire: `[topics] => name [partitions]`. Callers think in topic partitions, so
 * the codecs take and give flat lists, and these two translate.
 */
export const writeByTopic = <T extends { readonly topic: string }>(
  writer: ByteWriter,
  entries: readonly T[],
  writeEntry: (writer: ByteWriter, entry: T) => void,
): ByteWriter =>
  writer.writeArray(groupByTopic(entries), (_, [topic, partitions]) => {
    writer.writeString(topic).writeArray(partitions, writeEntry)
  })

const groupByTopic = <T extends { readonly topic: string }>(
  entries: readonly T[],
): readonly (readonly [string, T[]])[] => {
  const topics = new Map<string, T[]>()
  for (const entry of entries) {
    const sameTopic = topics.get(entry.topic)
    if (sameTopic === undefined) topics.set(entry.topic, [entry])
    else sameTopic.push(entry)
  }
  return [...topics]
}

/** The reverse: one flat list, in the order of the wire. */
export const readByTopic = <T>(reader: ByteReader, readEntry: (reader: ByteReader, topic: string) => T): T[] => {
  const entries: T[] = []
  reader.readNullableArray(() => {
    const topic = reader.readString()
    reader.readNullableArray(() => entries.push(readEntry(reader, topic)))
  })
  return entries
}

/** {@link writeByTopic} of the flexible versions (KIP-482): `[topics] => name [partitions] TAG_BUFFER`. */
export const writeCompactByTopic = <T extends { readonly topic: string }>(
  writer: ByteWriter,
  entries: readonly T[],
  writeEntry: (writer: ByteWriter, entry: T) => void,
): ByteWriter =>
  writer.writeCompactArray(groupByTopic(entries), (_, [topic, partitions]) => {
    writer.writeCompactString(topic).writeCompactArray(partitions, writeEntry).writeNoTaggedFields()
  })

/** {@link readByTopic} of the flexible versions (KIP-482): `[topics] => name [partitions] TAG_BUFFER`. */
export const readCompactByTopic = <T>(reader: ByteReader, readEntry: (reader: ByteReader, topic: string) => T): T[] => {
  const entries: T[] = []
  reader.readCompactArray(() => {
    const topic = reader.readCompactString()
    reader.readCompactArray(() => entries.push(readEntry(reader, topic)))
    reader.skipTaggedFields()
  })
  return entries
}
