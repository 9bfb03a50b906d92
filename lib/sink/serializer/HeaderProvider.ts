import type { Headers } from '../../client/Headers.js'

/** The headers of an element, asked once per record. */
export type HeaderProvider<T> = (element: T) => Headers
