/** The project's transformer, on sources with the edits of MUTATION_EDITS (a JSON file: path → edits). */
const { readFileSync } = require('node:fs')
const { relative } = require('node:path')
const swc = require('@swc/jest')

const edits = JSON.parse(readFileSync(process.env.MUTATION_EDITS, 'utf8'))

const edited = (text, path, { rootDir }) => {
  let result = ''
  let at = 0
  for (const [start, end, replacement] of edits[relative(rootDir, path)] ?? []) {
    result += text.slice(at, start) + replacement
    at = end
  }
  return result + text.slice(at)
}

module.exports = {
  createTransformer: (options) => {
    const inner = swc.createTransformer(options)
    return {
      canInstrument: inner.canInstrument,
      process: (text, path, given) => inner.process(edited(text, path, given.config), path, given),
      getCacheKey: (text, path, given) => inner.getCacheKey(edited(text, path, given.config), path, given),
    }
  },
}
