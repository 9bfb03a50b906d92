import { setTimeout as delay } from 'node:timers/promises'
import { Kafka, logLevel } from 'kafkajs'

/** Waits until a broker names all these brokers as alive, asked on the wire by a client that is not ours. */
export const waitUntilReady = async (
  address: string,
  brokerIds: readonly number[],
  { deadlineMs, giveUp }: { readonly deadlineMs: number; readonly giveUp: () => string | undefined },
): Promise<void> => {
  const deadline = Date.now() + deadlineMs
  for (;;) {
    const alive = await aliveBrokers(address)
    if (brokerIds.every((id) => alive.includes(id))) return
    const reason =
      giveUp() ?? (Date.now() > deadline ? `names only [${alive.join()}] after ${deadlineMs} ms` : undefined)
    if (reason !== undefined) throw new Error(`Kafka at ${address} ${reason}`)
    await delay(50)
  }
}

const aliveBrokers = async (address: string): Promise<readonly number[]> => {
  const admin = new Kafka({
    brokers: [address],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1_000,
    requestTimeout: 2_000,
    retry: { retries: 0 },
  }).admin()
  try {
    await admin.connect()
    const { brokers } = await admin.describeCluster()
    return brokers.map(({ nodeId }) => nodeId)
  } catch {
    return []
  } finally {
    await admin.disconnect()
  }
}
