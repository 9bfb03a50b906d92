import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'

const design = readFileSync('DESIGN.md', 'utf8')

/** What stands in backticks and is a path: of this project's folders, or a file at its root. */
const paths = [...design.matchAll(/`((?:(?:lib|spec|samples|bench|\.ci)\/|[\w.-]+\.(?:md|cjs|json)$)[^`\s]*)`/gm)].map(
  ([, path]) => path!,
)

describe('DESIGN.md', () => {
  it('should name paths that there are', () => {
    expect(paths.length).toBeGreaterThan(50)
    expect(paths.filter((path) => !existsSync(path))).toEqual([])
  })

  it('should name the folders of lib in its file map', () => {
    const map = design.slice(design.indexOf('## File map'), design.indexOf('## Which way'))
    const folders = readdirSync('lib', { withFileTypes: true }).filter((entry) => entry.isDirectory())
    expect(folders.filter(({ name }) => !map.includes(`\`lib/${name}/\``))).toEqual([])
  })
})
