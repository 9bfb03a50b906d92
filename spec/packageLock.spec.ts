import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'

interface LockedPackage {
  readonly integrity?: string
  readonly resolved?: string
  readonly libc?: readonly string[]
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  readonly packages: Readonly<Record<string, LockedPackage>>
}
const locked = Object.entries(packages).filter(([path]) => path !== '')

/** The `node_modules` that Node looks into from a package, the nearest first. */
const lookedUpFrom = (path: string): readonly string[] => {
  if (path === '') return ['node_modules/']
  const outer = path.lastIndexOf('/node_modules/')
  return [`${path}/node_modules/`, ...lookedUpFrom(outer < 0 ? '' : path.slice(0, outer))]
}

describe('package-lock.json', () => {
  it('should hold what every package asks for, binaries of other platforms too: `npm ci` wants the whole tree', () => {
    const missing = Object.entries(packages).flatMap(([path, { dependencies, optionalDependencies }]) =>
      Object.keys({ ...dependencies, ...optionalDependencies })
        .filter((name) => !lookedUpFrom(path).some((folder) => `${folder}${name}` in packages))
        .map((name) => `${name}, of ${path}`),
    )
    expect(missing).toEqual([])
  })

  it('should say of every package what its archive is, and not where it came from', () => {
    expect(locked.length).toBeGreaterThan(100)
    expect(locked.filter(([, { integrity }]) => integrity === undefined).map(([path]) => path)).toEqual([])
    expect(locked.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([])
  })

  /** npm 10, which comes with Node 20, drops `libc` from the file; npm 11 leaves the file as it is without. */
  it('should be what npm 10 and npm 11 both write', () => {
    expect(locked.filter(([, { libc }]) => libc !== undefined).map(([path]) => path)).toEqual([])
  })
})
