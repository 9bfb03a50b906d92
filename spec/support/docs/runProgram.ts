import { jest } from '@jest/globals'
import ts from 'typescript'

/**
 * Runs a program of a text, with these modules by name and any other as it is; gives what it has logged, and may log yet.
 *
 * @param exported receives what the program exports
 */
export const runProgram = (
  program: string,
  modules: Readonly<Record<string, unknown>>,
  exported: object = {},
): readonly unknown[] => {
  const options = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 }
  const { outputText } = ts.transpileModule(program, { compilerOptions: options })
  const logged: unknown[] = []
  const requireHere = (name: string): unknown => modules[name] ?? jest.requireActual(name)
  const console = { log: (value: unknown) => logged.push(value) }
  // Not node:vm: an array of the program is to be of the same class as one of the package, both within jest's globals.
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- a program of our own documents
  const start = new Function('require', 'exports', 'console', outputText) as (...globals: unknown[]) => void
  start(requireHere, exported, console)
  return logged
}
