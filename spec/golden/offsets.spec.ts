import { describe } from '@jest/globals'
import { recordedJobs } from './replay/recordedJobs.js'

describe('where KafkaSource starts and stops, as recorded from Flink', () => {
  recordedJobs('offsets')
})
