/** The topic of an element, asked once per record. */
export type TopicSelector<T> = (element: T) => string
