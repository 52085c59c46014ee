import { parseSync, Visitor, type Expression } from 'oxc-parser'

/** `value` loads the module, `type` is erased by the compiler, `resolve` only asks where it is. */
export type ImportKind = 'value' | 'type' | 'resolve'

export interface Import {
  /** What is written between the quotes; undefined when it is computed, so that nobody can follow it. */
  specifier: string | undefined
  kind: ImportKind
  line: number
}

/** Every way in which a TypeScript source names another module, in the order of the source. */
export function readImports(file: string, source: string): Import[] {
  const { program, errors } = parseSync(file, source)
  if (errors[0]) throw new SyntaxError(`${file}: ${errors[0].message}`)

  const imports: Import[] = []
  const add = (kind: ImportKind, start: number, specifier: string | undefined): void => {
    imports.push({ kind, specifier, line: source.slice(0, start).split('\n').length })
  }
  new Visitor({
    ImportDeclaration: (node) => add(node.importKind ?? 'value', node.start, node.source.value),
    ExportAllDeclaration: (node) => add(node.exportKind ?? 'value', node.start, node.source.value),
    ExportNamedDeclaration: (node) => {
      if (node.source) add(node.exportKind ?? 'value', node.start, node.source.value)
    },
    ImportExpression: (node) => add('value', node.start, literal(node.source)),
    TSImportType: (node) => add('type', node.start, node.source.value),
    CallExpression: (node) => {
      const kind = calls.get(source.slice(node.callee.start, node.callee.end))
      if (kind) add(kind, node.start, literal(node.arguments[0]))
    },
  }).visit(program)
  return imports
}

const calls: ReadonlyMap<string, ImportKind> = new Map([
  ['require', 'value'],
  ['process.getBuiltinModule', 'value'],
  ['import.meta.resolve', 'resolve'],
  ['require.resolve', 'resolve'],
])

function literal(node: Expression | { type: 'SpreadElement' } | undefined): string | undefined {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value
  if (node?.type === 'TemplateLiteral' && node.expressions.length === 0) {
    return node.quasis[0]?.value.cooked ?? undefined
  }
  return undefined
}
