/**
 * Proves that the arrows of ARCHITECTURE.md only point down: between packages, between the stages inside a
 * package, and between files, where no arrow may lead back to where it came from.
 *
 * The compiler does not: with project references, importing the wrong way compiles. Every import counts,
 * static, dynamic or type-only. `node scripts/layers.ts` prints one line per violation.
 */
import { globSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { posix } from 'node:path'
import { readImports, type Import, type ImportKind } from './imports.ts'

interface Rules {
  /** Packages of this workspace, or parts of them, that may be imported, and how. */
  workspace: Partial<Record<string, ImportKind[]>>
  /** How packages of npm may be imported; in every way where it is left out. */
  npm?: ImportKind[]
  /** Modules of Node that may not be imported, but in these folders of `src`. */
  without?: { modules: string[]; except: string[] }
  /** Folders of `src`: each may import itself and those before it. Files beside them may import all. */
  stages?: string[]
}

const anyhow: ImportKind[] = ['value', 'type', 'resolve']

const packages: Partial<Record<string, Rules>> = {
  core: {
    workspace: { 'core/terminal-program': ['resolve'] },
    without: {
      modules: ['http', 'https', 'http2', 'net', 'tls', 'dgram', 'dns', 'sqlite'],
      // A program of its own, which people attach to.
      except: ['process/terminal'],
    },
    stages: [
      'text',
      'model',
      'journal',
      'process',
      'provider',
      'mission',
      'supervisor',
      'runtime',
      'testing',
    ],
  },
  claude: {
    workspace: { core: anyhow },
    without: { modules: ['http', 'https', 'http2', 'net', 'tls', 'dgram', 'dns', 'sqlite'], except: [] },
  },
  acp: {
    workspace: { core: anyhow },
    without: { modules: ['http', 'https', 'http2', 'net', 'tls', 'dgram', 'dns', 'sqlite'], except: [] },
  },
  blueprint: { workspace: { core: anyhow } },
  daemon: { workspace: { core: anyhow, claude: anyhow, acp: anyhow, blueprint: anyhow } },
  client: {
    workspace: { core: ['type'], 'core/terminal-protocol': anyhow, daemon: ['type'] },
    npm: ['type'],
  },
  mcp: { workspace: { client: anyhow, 'core/text': anyhow } },
  cli: {
    workspace: {
      'core/text': anyhow,
      blueprint: anyhow,
      mcp: anyhow,
      client: anyhow,
      daemon: ['type', 'resolve'],
      'client/terminal': anyhow,
      'daemon/text': anyhow,
      'daemon/config': anyhow,
      'daemon/node-flags': anyhow,
    },
  },
}

const how: Record<ImportKind, string> = {
  value: 'by value',
  type: 'with `import type`',
  resolve: 'with `import.meta.resolve`',
}

/** One line `file:line imports X: rule` for each import that breaks a rule; `files` maps path to source. */
export function violations(files: ReadonlyMap<string, string>): string[] {
  const found: string[] = []
  const graph = new Map<string, Edge[]>()
  for (const [file, source] of files) {
    const edges: Edge[] = []
    graph.set(file, edges)
    for (const imported of readImports(file, source)) {
      const broken = brokenRule(file, imported)
      if (broken) found.push(line(file, imported, broken))
      const target = targetOf(file, imported.specifier)
      if (target && files.has(target) && imported.kind !== 'resolve') edges.push({ imported, target })
    }
  }
  return [...found, ...cycles(graph)]
}

function line(file: string, { line: at, specifier = '(computed)' }: Import, rule: string): string {
  return `${file}:${at} imports ${specifier}: ${rule}`
}

function brokenRule(file: string, { specifier, kind }: Import): string | undefined {
  const { name, stage, file: path } = place(file)
  const rules = packages[name]
  if (!rules) return `${name} has no rules yet, add it to scripts/layers.ts`
  if (specifier === undefined) return 'only a literal can be checked'

  const target = targetOf(file, specifier)
  if (target) {
    const to = place(target)
    if (to.name !== name) return `leaves ${name}, import @overmind/${to.name}`
    if (to.file === 'main.ts' && kind !== 'resolve') return 'main.ts is started, never imported'
    return rules.stages && brokenOrder(rules.stages, stage, to.stage)
  }
  const [, whole, other] = /^@overmind\/(([^/]+).*)/.exec(specifier) ?? []
  if (whole !== undefined && other !== undefined) {
    return brokenLimit(name, other, kind, rules.workspace[whole] ?? rules.workspace[other] ?? [])
  }
  if (isBuiltin(specifier)) {
    const module = specifier.replace(/^node:/, '').split('/', 1)[0] ?? ''
    const { modules = [], except = [] } = rules.without ?? {}
    const forbidden = modules.includes(module) && !except.includes(posix.dirname(path))
    return forbidden ? `${name} does without node:${module}` : undefined
  }
  return brokenLimit(name, 'packages of npm', kind, rules.npm ?? anyhow)
}

function brokenLimit(
  name: string,
  other: string,
  kind: ImportKind,
  allowed: ImportKind[],
): string | undefined {
  if (allowed.includes(kind)) return undefined
  if (allowed.length === 0) return `${name} may not import ${other}`
  return `${name} may import ${other} only ${allowed.map((each) => how[each]).join(' or ')}`
}

function brokenOrder(stages: string[], from: string | undefined, to: string | undefined): string | undefined {
  const missing = [from, to].find((stage) => stage !== undefined && !stages.includes(stage))
  if (missing !== undefined) return `${missing}/ has no place in the order, add it to scripts/layers.ts`
  const rank = (stage: string | undefined): number =>
    stage === undefined ? stages.length : stages.indexOf(stage)
  return rank(from) < rank(to) ? `against the order ${stages.join(' ← ')} ← index.ts` : undefined
}

/** `packages/core/src/model/spec.ts` is in package `core`, stage `model`; a file beside the stages is in none. */
function place(path: string): { name: string; stage: string | undefined; file: string } {
  const [, name = '', , ...rest] = path.split('/')
  return { name, stage: rest.length > 1 ? rest[0] : undefined, file: rest.join('/') }
}

function targetOf(file: string, specifier: string | undefined): string | undefined {
  return specifier?.startsWith('.') ? posix.join(posix.dirname(file), specifier) : undefined
}

interface Edge {
  imported: Import
  target: string
}

/** One line for each import that closes a circle, depth first. */
function cycles(graph: ReadonlyMap<string, Edge[]>): string[] {
  const found: string[] = []
  const done = new Set<string>()
  const path: string[] = []
  const visit = (file: string): void => {
    if (done.has(file)) return
    path.push(file)
    for (const { imported, target } of graph.get(file) ?? []) {
      const start = path.indexOf(target)
      if (start === -1) visit(target)
      else found.push(line(file, imported, `closes the circle ${[...path.slice(start), target].join(' → ')}`))
    }
    path.pop()
    done.add(file)
  }
  for (const file of graph.keys()) visit(file)
  return found
}

if (import.meta.main) {
  process.chdir(new URL('..', import.meta.url).pathname)
  const files = globSync('packages/*/src/**/*.{ts,tsx,mts,cts}').toSorted()
  const found = violations(new Map(files.map((file) => [file, readFileSync(file, 'utf8')])))
  if (found.length > 0) {
    process.stderr.write(`${found.join('\n')}\n`)
    process.exitCode = 1
  } else {
    process.stdout.write(`${files.length} files, every arrow points down\n`)
  }
}
