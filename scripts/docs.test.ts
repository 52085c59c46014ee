/** Holds the pages for people against the sources they speak of. */
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseSync } from 'oxc-parser'
import { describe, expect, test } from 'vitest'
import { commands } from '../packages/cli/src/commands/all.ts'

const root = new URL('..', import.meta.url).pathname
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

const pages = ['README.md', 'ARCHITECTURE.md', ...globSync('docs/**/*.md', { cwd: root })]

/** Rows of the tables in a page: for each the cells, without the backticks around a whole cell. */
function rows(page: string): string[][] {
  return read(page)
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim().replace(/^`([^`]*)`$/, '$1')),
    )
}

const quoted = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word)

describe('docs/events.md', () => {
  test('lists every event type with exactly its fields', () => {
    const documented = new Map<string, string[]>()
    for (const [type = '', fields = ''] of rows('docs/events.md')) {
      documented.set(type, quoted(fields.startsWith('`') ? fields : `\`${fields}\``).filter(Boolean))
    }
    expect(Object.fromEntries(documented)).toEqual(eventFields())
  })

  /** The members of the unions `MissionEvent` and `RuntimeEvent`: type and other fields. */
  function eventFields(): Record<string, string[]> {
    const file = 'packages/core/src/model/events.ts'
    const found: Record<string, string[]> = {}
    for (const node of parseSync(file, read(file)).program.body) {
      if (node.type !== 'ExportNamedDeclaration' || node.declaration?.type !== 'TSTypeAliasDeclaration')
        continue
      const { id, typeAnnotation } = node.declaration
      if (!/^(?:Mission|Runtime)Event$/.test(id.name) || typeAnnotation.type !== 'TSUnionType') continue
      for (const member of typeAnnotation.types) {
        if (member.type !== 'TSTypeLiteral') throw new TypeError(`${id.name} has a member of another kind`)
        const fields = member.members.flatMap((property) =>
          property.type === 'TSPropertySignature' && property.key.type === 'Identifier' ? [property] : [],
        )
        const type = fields.find(({ key }) => key.type === 'Identifier' && key.name === 'type')
        const literal = type?.typeAnnotation?.typeAnnotation
        if (literal?.type !== 'TSLiteralType' || literal.literal.type !== 'Literal') continue
        found[String(literal.literal.value)] = fields
          .map(({ key }) => (key.type === 'Identifier' ? key.name : ''))
          .filter((name) => name !== 'type')
      }
    }
    return found
  }
})

test('docs/errors.md lists every error code with its HTTP status', () => {
  const documented = rows('docs/errors.md')
    .filter(([, status = '']) => /^\d{3}$/.test(status))
    .map(([code, status]) => `${code} ${status}`)
  const [, union = ''] = /type ErrorCode =([^]*?)\n\n/.exec(read('packages/core/src/model/errors.ts')) ?? []
  const codes = [...union.matchAll(/'(\w+)'/g)].map(([, code = '']) => code)
  const [, statuses = ''] =
    /const STATUS[^]*?= \{([^]*?)\n\}/.exec(read('packages/daemon/src/api/problem.ts')) ?? []
  const byCode = new Map([...statuses.matchAll(/(\w+): (\d{3})/g)].map(([, code, status]) => [code, status]))
  expect(codes.length).toBeGreaterThan(20)
  expect(documented.toSorted()).toEqual(codes.map((code) => `${code} ${byCode.get(code)}`).toSorted())
})

test('docs/conformance.md names a test for each row, and each test that names a row is on the page', () => {
  const named = new Map<string, Set<string>>()
  for (const file of globSync('packages/core/test/unit/supervisor/*.test.ts', { cwd: root })) {
    for (const [, row = ''] of read(file).matchAll(/\btest\(\s*'(\d{1,3} [A-Za-z_][^:']*)/g)) {
      named.set(row, (named.get(row) ?? new Set()).add(file))
    }
  }
  const documented = [
    ...read('docs/conformance.md').matchAll(/^\| (\d{1,3} [^|]+) \| [^|]+ \| ([^|]+) \|$/gm),
  ]
  const tested = documented.flatMap(([, row = '', where = '']) =>
    where.startsWith('not here: ')
      ? []
      : [...where.matchAll(/\(\.\.\/([^)]+)\)/g)].map(([, file = '']) => `${row} ${file}`),
  )
  expect(documented.length).toBeGreaterThan(90)
  expect(tested.toSorted()).toEqual(
    [...named].flatMap(([row, files]) => [...files].map((file) => `${row} ${file}`)).toSorted(),
  )
})

describe('docs/security.md', () => {
  const page = read('docs/security.md')
  const threats = page
    .split('\n')
    .filter((line) => line.startsWith('| ') && line.split(/(?<!\\)\|/).length === 5)
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
    .filter(([, threat, , proof]) => proof !== 'proof' && proof !== 'must not get' && threat !== '---')
    .filter(([, threat]) => threat?.includes('](#') !== true)
  const proofs = [...page.matchAll(/\[T\]\(\.\.\/([^)]+)\) “([^”]+)”/g)]

  test('says of each threat which test proves what holds, or that it is out of scope', () => {
    const without = threats.filter(
      ([, , holds = '', proof = '']) => holds.startsWith('out of scope: ') === proof.startsWith('[T]('),
    )
    expect(without.map(([, threat]) => threat)).toEqual([])
    expect(threats.length).toBeGreaterThan(40)
  })

  test('names tests that there are', () => {
    const missing = proofs.filter(([, file = '', name = '']) => !names(read(file)).includes(name))
    expect(missing.map(([, file, name]) => `${file}: ${name}`)).toEqual([])
    expect(page.match(/\[T\]/g)).toHaveLength(proofs.length)
  })

  /** What the tests of a file are called, those of tables as they are written. */
  function names(source: string): readonly string[] {
    const found = source.matchAll(
      /(?:\b(?:test|property)|\)|\])\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|`([^`]*)`),/g,
    )
    return [...found].map(([, single, double, other]) => single ?? double ?? other ?? '')
  }
})

test('docs/api.md lists every route', () => {
  const documented = rows('docs/api.md')
    .map(([route = '']) => route)
    .filter((route) => route.includes(' /v1/'))
  const routes = globSync('packages/daemon/src/api/routes/*.ts', { cwd: root }).map((file) => {
    const [, method = '', path = ''] = /method: '(\w+)',\s+path: '([^']+)'/.exec(read(file)) ?? []
    return `${method.toUpperCase()} ${path}`
  })
  expect(documented.toSorted()).toEqual(routes.toSorted())
})

describe('docs/running.md', () => {
  test('lists every flag of run', async () => {
    const documented = rows('docs/running.md').flatMap(([cell = '']) =>
      [...`\`${cell}\``.matchAll(/--([a-z-]+)/g)].map(([, name = '']) => name),
    )
    const { flags } = (await commands['run']?.load()) ?? { flags: {} }
    const named = Object.keys(flags).filter((name) => name !== 'help')
    expect(named.filter((name) => !documented.includes(name))).toEqual([])
  })
})

describe.each(Object.keys(commands))('overmind %s', (name) => {
  test('has each of its flags on a page that shows it', async () => {
    const { flags } = (await commands[name]?.load()) ?? { flags: {} }
    // What others share with run is on its page.
    const shared = name === 'run' ? {} : ((await commands['run']?.load())?.flags ?? {})
    const showing = pages
      .map(read)
      .filter((text) => text.includes(`overmind ${name}`) || text.includes(`\`${name}`))
    const missing = Object.keys(flags)
      .filter((flag) => flag !== 'help' && flag !== 'json' && !Object.hasOwn(shared, flag))
      .filter((flag) => !showing.some((text) => new RegExp(`--${flag}(?![a-z-])`).test(text)))
    expect(missing).toEqual([])
  })
})

describe.each(pages)('%s', (page) => {
  test('its links lead to what is there', () => {
    const text = read(page).replaceAll(/^( *)```[^]*?^\1```$/gm, '')
    const broken = [...text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)]
      .map(([, link = '']) => link)
      .filter((link) => {
        const [path = '', anchor] = link.split('#')
        const target = path === '' ? page : join(dirname(page), path)
        if (!existsSync(join(root, target))) return true
        return anchor !== undefined && !anchors(target).has(anchor)
      })
    expect(broken).toEqual([])
  })

  test('the commands and flags it shows exist', async () => {
    const unknown: string[] = []
    for (const { name, flags } of invocations(read(page))) {
      const command = await commands[name]?.load()
      if (command === undefined) unknown.push(`overmind ${name}`)
      const known = Object.entries(command?.flags ?? {}).flatMap(([long, { short }]) => [
        `--${long}`,
        `-${short}`,
      ])
      unknown.push(...flags.filter((flag) => !known.includes(flag)).map((flag) => `overmind ${name} ${flag}`))
    }
    expect(unknown).toEqual([])
  })
})

/** The anchors of a page as GitHub makes them. */
function anchors(page: string): Set<string> {
  const found = new Set<string>()
  const counts = new Map<string, number>()
  for (const [, title = ''] of read(page).matchAll(/^#+ (.*)$/gm)) {
    const slug = title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-')
    const count = counts.get(slug) ?? 0
    counts.set(slug, count + 1)
    found.add(count === 0 ? slug : `${slug}-${count}`)
  }
  return found
}

interface Invocation {
  readonly name: string
  readonly flags: readonly string[]
}

/** `overmind <command> --flag …` in code; what belongs to the command that `run` starts is left out. */
function invocations(text: string): Invocation[] {
  const code = [...text.matchAll(/^```(?:sh|console)\n([^]*?)^```$/gm), ...text.matchAll(/`([^`\n]+)`/g)]
  const lines = code.flatMap(([, block = '']) => block.split('\n'))
  return lines.flatMap((line) =>
    [...line.matchAll(/(?:^|[$;&|(] *|npx )overmind ([a-z]+)((?: +[^\s;&|)]+)*)/g)].map(
      ([, name = '', rest = '']) => {
        const words = rest.split(/ +/).filter(Boolean)
        const end = words.findIndex((word, index) => {
          const before = words[index - 1] ?? ''
          const isValue = /^--?[a-z]/.test(before) && !/^(?:--follow|-f|--exec|--json)$/.test(before)
          return name === 'run' && !word.startsWith('-') && !isValue
        })
        const own = end === -1 ? words : words.slice(0, end)
        return { name, flags: own.flatMap((word) => /^--?[a-z][a-z-]*/.exec(word)?.[0] ?? []) }
      },
    ),
  )
}

test('the TypeScript on the pages compiles', () => {
  const folder = join(root, 'node_modules/.cache/docs-snippets')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const written = ['README.md', ...globSync('docs/*.md', { cwd: root })].flatMap((page) =>
    [...read(page).matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, code = ''], index) => {
      const file = `${page.replaceAll(/\W/g, '-')}-${index}.ts`
      writeFileSync(join(folder, file), code)
      return file
    }),
  )
  expect(written.length).toBeGreaterThan(5)
  const options = { noEmit: true, composite: false, isolatedDeclarations: false }
  const config = { extends: join(root, 'tsconfig.base.json'), compilerOptions: options, include: ['*.ts'] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const tsc = join(root, 'node_modules/.bin/tsc')
  let complaints = ''
  try {
    execFileSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' })
  } catch (error) {
    if (!(error instanceof Error && 'stdout' in error)) throw error
    complaints = String(error.stdout)
  }
  expect(complaints).toBe('')
}, 60_000)

test('the README shows examples/hello.ts as it is, and it has no more than ten lines', () => {
  const hello = read('examples/hello.ts')
  expect(read('README.md')).toContain(`\`\`\`ts\n${hello}\`\`\``)
  expect(hello.trimEnd().split('\n').length).toBeLessThanOrEqual(10)
})
