import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import ts from 'typescript'
import type {
  AlignWatermarksConfig,
  CheckpointConfig,
  CheckpointStoreOptions,
  ConsumerRecordFields,
  FileCheckpointStoreOptions,
  JsonSchemaOptions,
  KafkaConfig,
  KafkaErrorInfo,
  KafkaSinkOptions,
  KafkaSourceOptions,
  MapAsyncConfig,
  MergeConfig,
  NewTopic,
  PipelinePart,
  ProducerRecord,
  RestartPolicy,
  TickConfig,
  TlsConfig,
  WindowConfig,
} from '../lib/index.js'

/** Declared in lib, and named by no export: users cannot say them, but may need to. */
const unnamedTypes = (entry: string): readonly string[] => {
  const program = ts.createProgram([entry], optionsOfProject())
  const checker = program.getTypeChecker()
  const exportsOf = (file: string): readonly ts.Symbol[] =>
    checker
      .getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)!)!)
      .map((symbol) => resolved(checker, symbol))
  const named = new Set(exportsOf(entry))
  const seen = new Set<ts.Symbol>()
  const queue = [...exportsOf(entry)]
  const missing = new Set<string>()

  for (let symbol = queue.pop(); symbol !== undefined; symbol = queue.pop()) {
    if (seen.has(symbol)) continue
    seen.add(symbol)
    for (const declaration of symbol.declarations ?? [])
      for (const used of typesIn(checker, declaration)) {
        if (!isOurs(used)) continue
        if (!named.has(used)) missing.add(`${used.name}, used by ${symbol.name}`)
        queue.push(used)
      }
  }
  return [...missing].sort()
}

const optionsOfProject = (): ts.CompilerOptions => {
  const { config } = ts.readConfigFile('tsconfig.json', (file) => ts.sys.readFile(file)) as { config: unknown }
  return ts.parseJsonConfigFileContent(config, ts.sys, process.cwd()).options
}

const resolved = (checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol

/** Of lib, and not an abbreviation within one file. */
const isOurs = ({ declarations = [] }: ts.Symbol): boolean =>
  declarations.some(
    (declaration) =>
      declaration.getSourceFile().fileName.startsWith(join(process.cwd(), 'lib')) &&
      (ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Export) !== 0,
  )

/** The types that a declaration names where users can see them: not in bodies, nor in what is private. */
const typesIn = (checker: ts.TypeChecker, declaration: ts.Declaration): readonly ts.Symbol[] => {
  const found: ts.Symbol[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isBlock(node) || isHidden(node)) return
    const name = ts.isTypeReferenceNode(node)
      ? node.typeName
      : ts.isExpressionWithTypeArguments(node)
        ? node.expression
        : undefined
    const symbol = name === undefined ? undefined : checker.getSymbolAtLocation(name)
    if (symbol !== undefined) found.push(resolved(checker, symbol))
    if (ts.isFunctionLike(node) || !isValue(node)) ts.forEachChild(node, visit)
  }
  ts.forEachChild(declaration, visit)
  return found
}

const isHidden = (node: ts.Node): boolean =>
  ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword)

/** What a constant is made of is nobody's business, but for the signatures in it. */
const isValue = (node: ts.Node): boolean => ts.isCallExpression(node) || ts.isConditionalExpression(node)

/** The optional settings of a type, all undefined; with `exactOptionalPropertyTypes` a type must say that it takes that. */
type AllUndefined<O> = { [K in keyof O as Partial<Pick<O, K>> extends Pick<O, K> ? K : never]: undefined }
type TakesUndefined<O> = AllUndefined<O> extends Partial<O> ? true : false

/** What callers give. One that does not take undefined is an error of the compiler here: `false` is no `true`. */
interface Options {
  readonly admin: TakesUndefined<NewTopic>
  readonly alignWatermarks: TakesUndefined<AlignWatermarksConfig>
  readonly checkpoints: TakesUndefined<CheckpointConfig>
  readonly client: TakesUndefined<KafkaConfig>
  readonly errors: TakesUndefined<KafkaErrorInfo>
  readonly fileStore: TakesUndefined<FileCheckpointStoreOptions>
  readonly json: TakesUndefined<JsonSchemaOptions>
  readonly mapAsync: TakesUndefined<MapAsyncConfig>
  readonly merge: TakesUndefined<MergeConfig>
  readonly part: TakesUndefined<PipelinePart>
  readonly record: TakesUndefined<ProducerRecord>
  readonly recordByHand: TakesUndefined<ConsumerRecordFields>
  readonly restart: TakesUndefined<RestartPolicy>
  readonly sink: TakesUndefined<KafkaSinkOptions>
  readonly source: TakesUndefined<KafkaSourceOptions<string>>
  readonly store: TakesUndefined<CheckpointStoreOptions>
  readonly ticks: TakesUndefined<TickConfig>
  readonly tls: TakesUndefined<TlsConfig>
  readonly windows: TakesUndefined<WindowConfig<string, string, string, string>>
}

const options: Readonly<Record<keyof Options, true>> = {} as Options

describe('the public signatures', () => {
  it('should use no type of ours that has no public name', () => {
    expect(unnamedTypes(join(process.cwd(), 'lib/index.ts'))).toEqual([])
  }, 180_000)

  it('should take undefined for what may be left out', () => {
    // The compiler has said so.
    expect(options).toBeDefined()
  })
})
