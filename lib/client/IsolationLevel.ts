/** Which records a reader sees: all, or only those outside of open and aborted transactions (KIP-98). Kafka's property values. */
export type IsolationLevel = 'read_uncommitted' | 'read_committed'
