import type { PipelinePart } from '../../stream/PipelinePart.js'

/** What has presented itself of the pipeline behind a source (see `Restored.present`), in the order of the stream. */
export class PipelineParts {
  /** one that merges splits is presented once by each */
  private readonly parts = new Set<PipelinePart>()

  readonly present = (part: PipelinePart): void => {
    this.parts.add(part)
  }

  /** Something acknowledges. */
  get ended(): boolean {
    return [...this.parts].some(({ acknowledges }) => acknowledges === true)
  }

  get all(): readonly PipelinePart[] {
    return [...this.parts]
  }

  /** Who waits now, as sentences: `mapAsync(enrich) has 3 projections under way.` */
  get waiting(): readonly string[] {
    const sentences = [...this.parts].flatMap(({ name, waiting }) => {
      const what = waiting?.()
      return what === undefined ? [] : [`${name} ${what}.`]
    })
    return [...new Set(sentences)]
  }
}
