/** What event time waits for at one place of a pipeline: for people, when it does not move. Times are event times in ms. */
export type EventTimeHold =
  /** Of several inputs these are the slowest, and others are further. */
  | {
      readonly _tag: 'inputs'
      /** `the source`, `unionElements` */
      readonly place: string
      readonly inputs: readonly string[]
      /** `-Infinity`: they have none yet */
      readonly watermark: number
      /** of the input that has come furthest: grows while records flow there */
      readonly furthest: number
    }
  /** Nothing of a source may be read, as slower ones of its alignment group are behind. */
  | { readonly _tag: 'group'; readonly place: string; readonly slowest: number }
  /** Windows fire at watermarks, and there has been none. */
  | { readonly _tag: 'windows'; readonly place: string; readonly opened: number }
