/** The value of a property: text as in a properties file, or what it stands for. */
export type KafkaPropertyValue = string | number | boolean

/** Kafka's own configuration by its own keys, e.g. `{ 'fetch.max.wait.ms': 100 }`. */
export type KafkaProperties = Readonly<Record<string, KafkaPropertyValue>>
