import { dirname, join } from 'node:path'
import ts from 'typescript'

const root = process.cwd()

/** What TypeScript says of a text that stands in no file: `README.md:31.ts(4): Cannot find name 'sorce'.` */
export const typeCheck = (sources: ReadonlyMap<string, string>, more: ts.CompilerOptions = {}): readonly string[] => {
  const options = { ...projectOptions(), ...more }
  const host = ts.createCompilerHost(options)
  const texts = new Map([...sources].map(([name, text]) => [join(root, name), text]))
  const disk = { ...host }
  host.fileExists = (file) => texts.has(file) || disk.fileExists(file)
  host.readFile = (file) => texts.get(file) ?? disk.readFile(file)
  host.directoryExists = (folder) =>
    [...texts.keys()].some((file) => dirname(file) === folder) || disk.directoryExists?.(folder) === true

  const program = ts.createProgram([...texts.keys()], options, host)
  // Faults of lib itself are for `npm run typecheck` to tell.
  return [...texts.keys()].flatMap((file) => {
    const source = program.getSourceFile(file)
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map((fault) => {
      const line = fault.file === undefined ? 0 : fault.file.getLineAndCharacterOfPosition(fault.start ?? 0).line + 1
      return `${file.slice(root.length + 1)}(${line}): ${ts.flattenDiagnosticMessageText(fault.messageText, '\n')}`
    })
  })
}

/** The project's, and the package's names lead to its sources. */
const projectOptions = (): ts.CompilerOptions => {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (file) => ts.sys.readFile(file)) as {
    config: unknown
  }
  return {
    ...ts.parseJsonConfigFileContent(config, ts.sys, root).options,
    paths: {
      'rx-kafka': [join(root, 'lib/index.ts')],
      'rx-kafka/testing': [join(root, 'lib/testing/index.ts')],
      'rx-kafka/conformance': [join(root, 'lib/conformance/index.ts')],
      'rx-kafka/prom-client': [join(root, 'lib/metrics/PromClientMetricGroup.ts')],
    },
  }
}
