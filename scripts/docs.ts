/**
 * Writes `docs/reference/{core,client}.md`: every name that a package exports, as its docstring explains it. And
 * `docs/reference/{blueprint,config}.schema.json`, by which editors check blueprints and settings. Reads what is compiled, so build first. And what docs/performance.md says of other managers.
 * `node scripts/docs.ts --check` writes nothing and fails when a file is stale.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { posix } from 'node:path'
import { parseSync } from 'oxc-parser'
import { peersPages } from '../bench/peers/report/page.ts'
import { blueprintSchema } from '../packages/blueprint/src/schema.ts'
import { configSchema } from '../packages/daemon/src/config/index.ts'

const root = new URL('..', import.meta.url).pathname

const PAGES: Readonly<Record<string, string>> = {
  core: 'The embeddable runtime. [library.md](../library.md) shows how it is used.',
  client: 'The typed client of the daemon. [api.md](../api.md) shows the HTTP beneath it.',
}

interface Declared {
  readonly text: string
  readonly comment: string
}

interface Reexport {
  readonly from: string
  readonly name: string
}

interface Module {
  readonly declared: ReadonlyMap<string, Declared>
  readonly reexported: ReadonlyMap<string, Reexport>
}

const modules = new Map<string, Module>()

/** What a declaration file, as a path below the workspace, declares and passes on. */
function read(file: string): Module {
  const known = modules.get(file)
  if (known !== undefined) return known
  const source = readFileSync(root + file, 'utf8')
  const { program, comments } = parseSync(file, source)
  const declared = new Map<string, Declared>()
  const reexported = new Map<string, Reexport>()

  const commentBefore = (start: number): string =>
    comments.findLast(({ end }) => end <= start && source.slice(end, start).trim() === '')?.value ?? ''

  for (const node of program.body) {
    if (node.type !== 'ExportNamedDeclaration') continue
    for (const { local, exported } of node.specifiers) {
      if (node.source === null || local.type !== 'Identifier' || exported.type !== 'Identifier') continue
      reexported.set(exported.name, { from: resolve(file, node.source.value), name: local.name })
    }
    const { declaration } = node
    if (declaration === null) continue
    const [first] = declaration.type === 'VariableDeclaration' ? declaration.declarations : [declaration]
    if (first?.id?.type !== 'Identifier') throw new TypeError(`${file}: a declaration without a name`)
    const { name } = first.id
    const text = source.slice(node.start, node.end)
    const before = declared.get(name)
    // An overloaded function is declared several times.
    declared.set(name, {
      text: before === undefined ? text : `${before.text}\n${text}`,
      comment: before?.comment || commentBefore(node.start),
    })
  }
  const found = { declared, reexported }
  modules.set(file, found)
  return found
}

function resolve(file: string, specifier: string): string {
  const [, name] = /^@overmind\/(\w+)$/.exec(specifier) ?? []
  if (name !== undefined) return `packages/${name}/dist/index.d.ts`
  return posix.join(posix.dirname(file), specifier.replace(/\.[jt]s$/, '.d.ts'))
}

interface Found extends Declared {
  readonly name: string
  readonly file: string
}

function find(file: string, name: string): Omit<Found, 'name'> {
  const { declared, reexported } = read(file)
  const here = declared.get(name)
  if (here !== undefined) return { ...here, file }
  const there = reexported.get(name)
  if (there === undefined) throw new TypeError(`${file} does not export ${name}`)
  return find(there.from, there.name)
}

function page(name: string, introduction: string): string {
  const index = `packages/${name}/dist/index.d.ts`
  const names = [...read(index).reexported.keys()]
  const found = names.map((each): Found => ({ name: each, ...find(index, each) }))
  const sections = Map.groupBy(found, ({ file }) => file)
  const parts = [
    `# @overmind/${name}`,
    introduction,
    'Generated from the docstrings of the sources by `node scripts/docs.ts`: do not edit.',
    links([...sections.values()].flat()),
  ]
  for (const [file, entries] of sections) {
    parts.push(`## ${sourceOf(file)}`, ...theory(file), ...entries.flatMap(entry))
  }
  return `${parts.join('\n\n')}\n`
}

/** Headings that differ in case alone have the same anchor; the second gets a number. */
function links(entries: readonly Found[]): string {
  const counts = new Map<string, number>()
  return entries
    .map(({ name }) => {
      const anchor = name.toLowerCase()
      const count = counts.get(anchor) ?? 0
      counts.set(anchor, count + 1)
      return `[${name}](#${anchor}${count === 0 ? '' : `-${count}`})`
    })
    .join(' · ')
}

const sourceOf = (file: string): string =>
  file.replace(/^packages\/(\w+)\/dist\/(.*)\.d\.ts$/, 'packages/$1/src/$2.ts')

/** The comment that a source file opens with, ahead of its imports. */
function theory(file: string): string[] {
  const source = readFileSync(root + sourceOf(file), 'utf8')
  const [, comment] = /^\/\*(\*[^]*?)\*\/\nimport /.exec(source) ?? []
  return comment === undefined ? [] : [prose(comment).text]
}

function entry({ name, text, comment }: Found): string[] {
  const { text: explanation, example } = prose(comment)
  const parts = [`### ${name}`, explanation, `\`\`\`ts\n${declaration(text)}\n\`\`\``]
  if (example !== '') parts.push(`Example:`, example)
  return parts.filter((part) => part !== '')
}

/** The text of a docstring, without its stars, its errors in a paragraph and its example apart. */
function prose(comment: string): { readonly text: string; readonly example: string } {
  const lines = comment.split('\n').map((line) => line.replace(/^\s*\*? ?/, ''))
  const [text = '', example = ''] = lines.join('\n').split('@example')
  return { text: text.replaceAll(/\s*@throws /g, '\n\nThrows ').trim(), example: example.trim() }
}

/** In the style of the sources: no `export`, no semicolons, two spaces. */
function declaration(text: string): string {
  return text
    .replaceAll(/^export (?:declare )?/gm, '')
    .split('\n')
    .map((line) => {
      const [indent = ''] = /^ */.exec(line) ?? []
      const rest = line.slice(indent.length)
      return ' '.repeat(indent.length / 2) + (/^(?:\*|\/[/*])/.test(rest) ? rest : rest.replace(/;$/, ''))
    })
    .join('\n')
    .replaceAll(/^( *)\*/gm, (_, indent: string) => `${indent}${indent.length % 2 === 0 ? ' ' : ''}*`)
}

/** As `npm run format` leaves it. */
function formatted(name: string, text: string): string {
  const oxfmt = `${root}node_modules/.bin/oxfmt`
  return execFileSync(oxfmt, ['--stdin-filepath', name], { cwd: root, input: text, encoding: 'utf8' })
}

const check = process.argv.includes('--check')
mkdirSync(`${root}docs/reference`, { recursive: true })
const files = new Map([
  ...Object.entries(PAGES).map(
    ([name, introduction]) => [`docs/reference/${name}.md`, page(name, introduction)] as const,
  ),
  ...Object.entries({ blueprint: blueprintSchema(), config: configSchema() }).map(([name, schema]) => {
    const path = `docs/reference/${name}.schema.json`
    return [path, formatted(path, JSON.stringify(schema))] as const
  }),
  ...peersPages(),
])
for (const [path, text] of files) {
  if (existsSync(root + path) && readFileSync(root + path, 'utf8') === text) continue
  if (check) {
    process.stderr.write(`${path} is stale: npm run build && node scripts/docs.ts\n`)
    process.exitCode = 1
  } else {
    writeFileSync(root + path, text)
    process.stdout.write(`${path}\n`)
  }
}
