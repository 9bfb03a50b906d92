import { expect } from '@jest/globals'
import { type Observable, toArray } from 'rxjs'
import { type RunHelpers, TestScheduler } from 'rxjs/testing'
import { MemoryKafka } from '../../../lib/memory/MemoryKafka.js'

/** A spec in virtual time on an in-memory Kafka with these topics. */
export const onKafka = (
  topics: Readonly<Record<string, number>>,
  picture: (kafka: MemoryKafka, scheduler: TestScheduler, helpers: RunHelpers) => void,
): void => {
  const scheduler = new TestScheduler((actual, expected) => {
    expect(actual).toEqual(expected)
  })
  scheduler.run((helpers) => {
    picture(new MemoryKafka({ scheduler, topics }), scheduler, helpers)
  })
}

/** All emissions as one value, at the end. */
export const all = <T>(source: Observable<T>): Observable<T[]> => source.pipe(toArray())
