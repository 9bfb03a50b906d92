import ts from 'typescript'
import type { Mutant } from './Mutant.js'

interface Change {
  readonly kind: string
  readonly replacement: string
}

/** Every change that a rule makes to a node; a rule that has nothing to say of it gives none. */
type Rule = (node: ts.Node, textOf: (node: ts.Node) => string) => readonly Change[]

const flips: Readonly<Record<string, readonly (readonly [kind: string, operator: string])[]>> = {
  '<': [
    ['boundary', '<='],
    ['comparison', '>='],
  ],
  '<=': [
    ['boundary', '<'],
    ['comparison', '>'],
  ],
  '>': [
    ['boundary', '>='],
    ['comparison', '<='],
  ],
  '>=': [
    ['boundary', '>'],
    ['comparison', '<'],
  ],
  '===': [['comparison', '!==']],
  '!==': [['comparison', '===']],
  '&&': [['boolean', '||']],
  '||': [['boolean', '&&']],
  '+': [['arithmetic', '-']],
  '-': [['arithmetic', '+']],
  '*': [['arithmetic', '/']],
  '/': [['arithmetic', '*']],
  '%': [['arithmetic', '*']],
  '+=': [['arithmetic', '-=']],
  '-=': [['arithmetic', '+=']],
  '<<': [['arithmetic', '>>']],
  '>>': [['arithmetic', '<<']],
  '>>>': [['arithmetic', '<<']],
  '&': [['arithmetic', '|']],
  '|': [['arithmetic', '&']],
}

const binary: Rule = (node, textOf) => {
  if (!ts.isBinaryExpression(node)) return []
  const { left, operatorToken, right } = node
  if ([left, right].some(isText)) return []
  if (operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken)
    return [{ kind: 'default', replacement: textOf(left) }]
  return (flips[textOf(operatorToken)] ?? []).map(([kind, operator]) => ({
    kind,
    replacement: isAssignment(operator)
      ? `${textOf(left)} ${operator} ${textOf(right)}`
      : `((${textOf(left)}) ${operator} (${textOf(right)}))`,
  }))
}

const isAssignment = (operator: string): boolean => operator === '+=' || operator === '-='

/** A sum with text is a message. */
const isText = (node: ts.Node): boolean =>
  ts.isStringLiteralLike(node) ||
  ts.isTemplateExpression(node) ||
  (ts.isBinaryExpression(node) && (isText(node.left) || isText(node.right)))

const unary: Rule = (node, textOf) => {
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken)
    return [{ kind: 'boolean', replacement: textOf(node.operand) }]
  if (!ts.isPrefixUnaryExpression(node) && !ts.isPostfixUnaryExpression(node)) return []
  const text = textOf(node)
  if (text.includes('++')) return [{ kind: 'arithmetic', replacement: text.replace('++', '--') }]
  if (text.includes('--')) return [{ kind: 'arithmetic', replacement: text.replace('--', '++') }]
  return []
}

const literal: Rule = (node, textOf) => {
  if (node.kind === ts.SyntaxKind.TrueKeyword) return [{ kind: 'boolean', replacement: 'false' }]
  if (node.kind === ts.SyntaxKind.FalseKeyword) return [{ kind: 'boolean', replacement: 'true' }]
  return ts.isNumericLiteral(node) ? [{ kind: 'constant', replacement: `(${textOf(node)} + 1)` }] : []
}

const condition: Rule = (node) => {
  const { parent } = node as { readonly parent?: ts.Node }
  const decides =
    parent !== undefined &&
    ((ts.isIfStatement(parent) && parent.expression === node) ||
      (ts.isConditionalExpression(parent) && parent.condition === node))
  return decides ? ['true', 'false'].map((replacement) => ({ kind: 'condition', replacement })) : []
}

/** What is done for its effect is not done; what ends a function or a turn of a loop early does not. */
const statement: Rule = (node) => {
  const removable =
    (ts.isExpressionStatement(node) && !isSuper(node.expression)) ||
    (ts.isReturnStatement(node) && node.expression === undefined) ||
    ts.isContinueStatement(node)
  return removable ? [{ kind: 'removed statement', replacement: '{}' }] : []
}

const isSuper = (node: ts.Node): boolean =>
  ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.SuperKeyword

/** Calls that give what they were called on, or something like it. */
const links: ReadonlySet<string> = new Set([
  'filter',
  'reverse',
  'slice',
  'sort',
  'toReversed',
  'toSorted',
  'trim',
  'toLowerCase',
])

const call: Rule = (node, textOf) => {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return []
  const { expression, name } = node.expression
  return links.has(name.text) ? [{ kind: 'removed call', replacement: textOf(expression) }] : []
}

/** The smaller for the larger. */
const bounds: Rule = (node, textOf) => {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return []
  const called = textOf(node.expression)
  const other = { 'Math.min': 'Math.max', 'Math.max': 'Math.min' }[called]
  return other === undefined ? [] : [{ kind: 'boundary', replacement: textOf(node).replace(called, other) }]
}

const rules: readonly Rule[] = [binary, unary, literal, condition, statement, call, bounds]

/**
 * All small mistakes that a programmer could have made in a file, one at a time: comparisons and bounds, booleans, sums, constants,
 * calls and statements left out. Not in types, and not in messages, which specs need not know by heart.
 */
export const mutantsOf = (file: string, text: string): readonly Mutant[] => {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const textOf = (node: ts.Node): string => text.slice(node.getStart(source), node.end)
  const mutants: Mutant[] = []
  const visit = (node: ts.Node): void => {
    if (isLeftAlone(node)) return
    const start = node.getStart(source)
    for (const rule of rules)
      for (const change of rule(node, textOf))
        mutants.push({
          ...change,
          file,
          line: source.getLineAndCharacterOfPosition(start).line + 1,
          start,
          end: node.end,
          isStatement: ts.isStatement(node),
        })
    node.forEachChild(visit)
  }
  source.forEachChild(visit)
  return mutants
}

const isLeftAlone = (node: ts.Node): boolean =>
  ts.isTypeNode(node) ||
  ts.isInterfaceDeclaration(node) ||
  ts.isTypeAliasDeclaration(node) ||
  ts.isImportDeclaration(node) ||
  ts.isExportDeclaration(node) ||
  (ts.isPropertyName(node) && ts.isPropertyAssignment(node.parent) && node.parent.name === node) ||
  ts.isTemplateExpression(node) ||
  (ts.isPropertyAssignment(node) && node.name.getText() === 'message')
