import { map } from 'rxjs'
import { aRegExp, argument } from '../../checks/argument.js'
import type { KafkaSubscriber } from './KafkaSubscriber.js'
import { partitionsOf } from './topicList.js'

/** All partitions of the topics whose whole name matches, but for Kafka's internal ones. Topics may come and go. */
export const topicPattern = (pattern: RegExp): KafkaSubscriber => {
  argument('topicPattern', pattern, aRegExp)
  // Java's matches() is anchored at both ends; a sticky or global flag would carry state from name to name.
  const whole = new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gy]/g, ''))
  return {
    name: 'TopicPatternSubscriber',
    partitions: (admin) =>
      admin
        .listTopics()
        .pipe(
          map((topics) => topics.filter(({ name, internal }) => !internal && whole.test(name)).flatMap(partitionsOf)),
        ),
  }
}
