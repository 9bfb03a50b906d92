import { type Observable, tap } from 'rxjs'
import type { KafkaAdmin, TopicDescription } from '../../client/KafkaAdmin.js'

/**
 * What a subscriber is told of topics while it looks for its partitions. So that the cluster need not be asked a second time, and the
 * enumerator judges by the same answer: another broker may know more, or less.
 */
export class NotedTopics {
  private readonly asked = new Set<string>()
  private readonly described = new Map<string, TopicDescription>()
  private all = false
  /** the same admin, which is listened to */
  readonly admin: KafkaAdmin

  constructor(admin: KafkaAdmin) {
    const noted: Pick<KafkaAdmin, 'listTopics' | 'describeTopics'> = {
      listTopics: () => admin.listTopics().pipe(tap((topics) => this.note(topics, true))),
      describeTopics: (topics) =>
        admin.describeTopics(topics).pipe(
          tap((descriptions) => {
            for (const topic of topics) this.asked.add(topic)
            this.note(descriptions)
          }),
        ),
    }
    // An adapter of users may be of any class: its own methods are called on it, and not on a copy.
    this.admin = new Proxy(admin, {
      get: (target, name) => {
        if (name in noted) return noted[name as keyof typeof noted]
        const member: unknown = Reflect.get(target, name, target)
        return typeof member === 'function' ? (member.bind(target) as unknown) : member
      },
    })
  }

  /** Of these topics, those that the cluster was not asked about. */
  unknown(topics: Iterable<string>): readonly string[] {
    return this.all ? [] : [...new Set(topics)].filter((topic) => !this.asked.has(topic))
  }

  describe(topics: readonly string[]): Observable<unknown> {
    return this.admin.describeTopics(topics)
  }

  /** Those that are there. */
  get topics(): readonly TopicDescription[] {
    return [...this.described.values()]
  }

  private note(topics: readonly TopicDescription[], all = this.all): void {
    this.all = all
    for (const topic of topics) this.described.set(topic.name, topic)
  }
}
