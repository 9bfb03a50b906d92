import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
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

const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

const sources = ['lib', 'spec', 'samples', 'bench'].flatMap(filesIn).filter((file) => /\.c?ts$/.test(file))
const documents = [...readdirSync('.'), ...filesIn('docs')].filter((file) => file.endsWith('.md'))
const settings = [...readdirSync('.').filter((file) => /\.c?js$/.test(file)), '.ci/run']
const specs = new Set(sources.map((file) => basename(file)).filter((name) => name.endsWith('.spec.ts')))

/** Of a program its comments, of a document all; a changelog may name what is gone. */
const proseOf = (file: string): string => {
  const text = readFileSync(file, 'utf8')
  if (file.endsWith('.md')) return file === 'CHANGELOG.md' ? '' : text
  return [...text.matchAll(/\/\*[\s\S]*?\*\/|(?:^|\s)(?:\/\/|#).*$/gm)].join('\n')
}

/** Paths from the root of the project, and specs by their names alone. No patterns. */
const named = (prose: string): readonly string[] =>
  [...prose.matchAll(/(?<![\w./-])(?:(?:lib|spec|samples|bench|docs|\.ci)\/[\w./*<-]+|[\w.-]+\.spec\.ts)/g)]
    .map(([name]) => name.replace(/\.$/, ''))
    .filter((name) => !/[*<]/.test(name))

const exists = (name: string): boolean => (name.includes('/') ? existsSync(name) : specs.has(name))

describe('comments and documents', () => {
  it('should name paths and specs that there are', () => {
    const all = [...sources, ...documents, ...settings].flatMap((file) =>
      named(proseOf(file)).map((name) => ({ file, name })),
    )
    expect(all.length).toBeGreaterThan(150)
    expect(all.filter(({ name }) => !exists(name))).toEqual([])
  })
})
