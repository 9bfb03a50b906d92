/** A fenced block of a text. */
export interface CodeBlock {
  readonly language: string
  readonly text: string
  /** the line after its opening fence, counted from 1 */
  readonly line: number
}

/** All fenced blocks; inside of a doc comment, without its ` * `. */
export const codeBlocks = (text: string): readonly CodeBlock[] =>
  [...text.matchAll(/^([ *]*)```(\w*)\n([\s\S]*?)^\1```$/gm)].map((found) => ({
    language: found[2] as string,
    text: (found[3] as string).replace(/^ *\* ?/gm, ''),
    line: text.slice(0, found.index).split('\n').length + 1,
  }))
