import { describe } from '@jest/globals'
import { recordedJobs } from './replay/recordedJobs.js'

describe('what KafkaSource commits and restores, as recorded from Flink', () => {
  recordedJobs('commits-restore')
})
