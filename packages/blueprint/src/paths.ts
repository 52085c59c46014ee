import { dirname, resolve } from 'node:path'
import { type Fields, fieldsIn, isFields } from './document/plain.ts'
import { type Table, treeAt } from './document/tree.ts'
import { filledWith } from './variables.ts'

interface Origin {
  readonly tree: Table
  /** Variables may be part of a path. */
  readonly vars: Fields
  readonly folder: string
}

/** The document with absolute paths: each is seen from the file that it is written in, and a document has no files. */
export function withPaths(document: Fields, origin: Origin): Fields {
  const { agents, defaults } = document
  return {
    ...document,
    ...(isFields(defaults) ? { defaults: absolute(defaults, ['defaults'], origin) } : {}),
    ...(isFields(agents) ? { agents: Object.fromEntries(Object.entries(agents).map(agent)) } : {}),
  }

  function agent([name, fields]: [string, unknown]): readonly [string, unknown] {
    return [name, isFields(fields) ? absolute(fields, ['agents', name], origin) : fields]
  }
}

function absolute(table: Fields, path: readonly string[], { tree, vars, folder }: Origin): Fields {
  const { cwd, env } = table
  const variables = Object.entries(fieldsIn(env)).map(([name, value]) => {
    const from: unknown = fieldsIn(value)['from_file']
    if (typeof from !== 'string') return [name, value] as const
    return [name, { ...fieldsIn(value), from_file: pathAt(from, ['env', name, 'from_file']) }] as const
  })
  return {
    ...table,
    ...(typeof cwd === 'string' ? { cwd: pathAt(cwd, ['cwd']) } : {}),
    ...(isFields(env) ? { env: Object.fromEntries(variables) } : {}),
  }

  function pathAt(given: string, field: readonly string[]): string {
    const text = filledWith(given, vars)
    const { file } = treeAt(tree, [...path, ...field]).at
    return text === '' || text.includes('\0') ? text : resolve(folder, dirname(file), text)
  }
}
