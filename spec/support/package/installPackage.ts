import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
}

/**
 * A folder with this package in its `node_modules`, as `npm install rx-kafka` leaves it: built and packed by the project's own
 * scripts, beside the packages that it names, and no others but `also`.
 */
export const installPackage = (also: readonly string[] = []): string => {
  const folder = mkdtempSync(join(tmpdir(), 'rx-kafka-package-'))
  const sources = join(folder, 'sources')
  mkdirSync(sources)
  for (const name of [
    'lib',
    'package.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'tsconfig.cjs.json',
    'CHANGELOG.md',
  ])
    cpSync(name, join(sources, name), { recursive: true })
  symlinkSync(resolve('node_modules'), join(sources, 'node_modules'))
  npm(sources, 'run', 'build')
  npm(sources, 'pack', '--pack-destination', folder)

  const installed = join(folder, 'node_modules', 'rx-kafka')
  mkdirSync(installed, { recursive: true })
  const { dependencies, peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest
  for (const name of [...Object.keys(dependencies), ...Object.keys(peerDependencies), ...also]) {
    mkdirSync(dirname(join(folder, 'node_modules', name)), { recursive: true })
    symlinkSync(resolve('node_modules', name), join(folder, 'node_modules', name))
  }
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string }
  execFileSync('tar', ['-xzf', join(folder, `rx-kafka-${version}.tgz`), '-C', installed, '--strip-components=1'])
  rmSync(sources, { recursive: true })
  return folder
}

const npm = (cwd: string, ...args: readonly string[]): void => {
  execFileSync('npm', ['--silent', ...args], { cwd, stdio: ['ignore', 'ignore', 'pipe'] })
}
