import { relative } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import ts from 'typescript'

const entries = ['lib/index.ts', 'lib/testing/index.ts', 'lib/conformance/index.ts']
const program = ts.createProgram(entries, {
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  strict: true,
})
const checker = program.getTypeChecker()

const behindAlias = (symbol: ts.Symbol): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol

/** Everything that the package exports, once. */
const publicSymbols: readonly ts.Symbol[] = [
  ...new Set(
    entries.flatMap((entry) => {
      const module = checker.getSymbolAtLocation(program.getSourceFile(entry)!)!
      return checker.getExportsOfModule(module).map(behindAlias)
    }),
  ),
]

const fileOf = (symbol: ts.Symbol): string =>
  relative(process.cwd(), symbol.declarations?.[0]?.getSourceFile().fileName ?? '')

/** Text that an editor shows. A member has that of the interface or class it comes from, where it has none of its own. */
const hasComment = (symbol: ts.Symbol): boolean => symbol.getDocumentationComment(checker).length > 0

const hasExample = (symbol: ts.Symbol): boolean =>
  symbol
    .getJsDocTags(checker)
    .some(({ name, text }) => name === 'example' && ts.displayPartsToString(text).startsWith('```ts\n'))

/** The properties of `export const Name = { … } as const`; of a constant with a type of its own they are that type's. */
const literalProperties = (declaration: ts.Declaration): readonly ts.ObjectLiteralElementLike[] => {
  if (!ts.isVariableDeclaration(declaration) || declaration.type !== undefined) return []
  const value = declaration.initializer
  const literal = value !== undefined && ts.isAsExpression(value) ? value.expression : value
  return literal !== undefined && ts.isObjectLiteralExpression(literal) ? literal.properties : []
}

const isHidden = (member: ts.Declaration): boolean =>
  (ts.getCombinedModifierFlags(member) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) !== 0 ||
  ts.isPrivateIdentifier(ts.getNameOfDeclaration(member) ?? member)

const membersOf = (declaration: ts.Declaration): readonly ts.Symbol[] => {
  const members: readonly ts.Declaration[] =
    ts.isInterfaceDeclaration(declaration) || ts.isClassDeclaration(declaration)
      ? [...declaration.members].flatMap((member): readonly ts.Declaration[] =>
          ts.isConstructorDeclaration(member)
            ? member.parameters.filter((parameter) => ts.isParameterPropertyDeclaration(parameter, member))
            : [member],
        )
      : literalProperties(declaration)
  return members
    .filter((member) => !isHidden(member))
    .flatMap((member) => {
      const name = ts.getNameOfDeclaration(member)
      const symbol = name && checker.getSymbolAtLocation(name)
      return symbol ?? []
    })
}

const publicMembers = publicSymbols.flatMap((symbol) =>
  (symbol.declarations ?? []).flatMap((declaration) =>
    membersOf(declaration).map((member) => ({ name: `${fileOf(symbol)}: ${symbol.name}.${member.name}`, member })),
  ),
)

/** A class, a function, or an object of functions: what a user calls. Errors are classes too: an example catches them. */
const isCalled = (symbol: ts.Symbol): boolean => {
  const declaration = symbol.valueDeclaration
  if (declaration === undefined) return false
  const isFunction = (type: ts.Type): boolean => type.getCallSignatures().length > 0
  return (
    ts.isClassDeclaration(declaration) ||
    isFunction(checker.getTypeOfSymbol(symbol)) ||
    literalProperties(declaration).some((property) => isFunction(checker.getTypeAtLocation(property)))
  )
}

describe('the documentation of what the package exports', () => {
  it('should see the exports and their members', () => {
    expect(publicSymbols.length).toBeGreaterThan(200)
    expect(publicMembers.length).toBeGreaterThan(700)
  })

  it('should have a comment for every name', () => {
    const missing = publicSymbols.filter((symbol) => !hasComment(symbol))
    expect(missing.map((symbol) => `${fileOf(symbol)}: ${symbol.name}`)).toEqual([])
  })

  it('should have a comment for every member', () => {
    expect(publicMembers.filter(({ member }) => !hasComment(member)).map(({ name }) => name)).toEqual([])
  })

  it('should have an example for every class and function', () => {
    const missing = publicSymbols.filter((symbol) => isCalled(symbol) && !hasExample(symbol))
    expect(missing.map((symbol) => `${fileOf(symbol)}: ${symbol.name}`)).toEqual([])
  })
})
