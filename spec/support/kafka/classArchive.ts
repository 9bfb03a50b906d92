import { copyFileSync, existsSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { freePorts } from './freePorts.js'
import { KafkaBroker } from './KafkaBroker.js'
import type { KafkaJars } from './kafkaJars.js'
import { Nursery } from './Nursery.js'

/**
 * Half of a broker's start is Java loading classes. A first broker, started for this alone, leaves them in an archive
 * beside the jars that later ones map into memory (JEP 350). Only a hint: a Java that cannot use it starts without.
 */
export const makeClassArchive = async (jars: KafkaJars, jvm: readonly string[]): Promise<void> => {
  if (existsSync(jars.classArchive)) return
  const nursery = new Nursery()
  try {
    const archive = `${nursery.folder}/classes.jsa`
    const [port, controllerPort] = (await freePorts(2)) as [number, number]
    const settings = { id: 1, port, voters: [{ id: 1, port: controllerPort }], config: {} }
    const broker = new KafkaBroker(settings, jars, nursery, [...jvm, `-XX:ArchiveClassesAtExit=${archive}`])
    await broker.start()
    await broker.kill('SIGTERM')
    if (!existsSync(archive)) writeFileSync(archive, '')
    moveInto(archive, jars.classArchive)
  } finally {
    await nursery.close()
  }
}

/** The option of Java that uses the archive, if there is one. */
export const sharedClasses = ({ classArchive }: KafkaJars): readonly string[] =>
  (statSync(classArchive, { throwIfNoEntry: false })?.size ?? 0) > 0 ? [`-XX:SharedArchiveFile=${classArchive}`] : []

/** Whole or not at all, from another file system too. */
const moveInto = (from: string, to: string): void => {
  const partial = `${to}.${process.pid}`
  copyFileSync(from, partial)
  renameSync(partial, to)
}
