/**
 * The versions of Kafka that specs run on. What matters most between releases (the contract of the client, kill -9, `read_committed`)
 * runs on the oldest too; everything else on the version of KAFKA_VERSION, the newest by default.
 */
export const kafkaVersions = { oldest: '3.9.2', newest: '4.4.0' } as const

/** Whether a version comes before a release, such as `4.3`. */
export const isBefore = (version: string, release: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [thatMajor = 0, thatMinor = 0] = release.split('.').map(Number)
  return major < thatMajor || (major === thatMajor && minor < thatMinor)
}
