import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { blueprintSchema, parseBlueprint } from '../../src/index.ts'
import { fieldsOf } from '../../src/schema.ts'

const root = new URL('../../../../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')

test('docs/reference/blueprint.schema.json is what the rules make', () => {
  const written: unknown = JSON.parse(read('docs/reference/blueprint.schema.json'))
  expect(written, 'stale: npm run build && node scripts/docs.ts').toEqual(blueprintSchema())
})

test('every field says what it is for', () => {
  const silent: string[] = []
  const walk = (schema: unknown, path: string): void => {
    if (typeof schema !== 'object' || schema === null) return
    const { properties = {}, additionalProperties, description } = schema as Record<string, unknown>
    for (const [name, field] of Object.entries(properties as object)) {
      if (!('description' in field)) silent.push(`${path}${name}`)
      walk(field, `${path}${name}.`)
    }
    if (description === undefined || path === 'agents.') walk(additionalProperties, path)
  }
  walk(blueprintSchema(), '')
  expect(silent.filter((name) => !name.includes('.terminal.'))).toEqual([])
})

const blocks = [...read('docs/blueprint.md').matchAll(/^```toml\n([^]*?)^```$/gm)].map(
  ([, text = '']) => text,
)

test('docs/blueprint.md shows blueprints', () => {
  expect(blocks.length).toBeGreaterThan(6)
})

test.each(blocks.map((block, index) => [index + 1, block] as const))(
  'docs/blueprint.md, block %i',
  (_, block) => {
    // A block that shows a few fields is about one agent.
    const source = /^\[|^agents\./m.test(block) ? block : `[agents.a]\ncommand = "x"\n${block}`
    const read = (path: string): string => {
      if (path === 'common.toml') return '[defaults]\nprovider = "claude"'
      throw new Error(`${path} is not there`)
    }
    expect(() => parseBlueprint(source, { file: 'page.toml', read })).not.toThrow()
  },
)

test('docs/blueprint.md shows an error as it is', () => {
  const source = `[agents.researcher]
command = "list 3 facts about Elixir"
provider = "claude"

[agents.writer]
command = "write a haiku"
dependson = ["researcher"]
timeout = "soon"`
  const [shown] = /^team\.toml:7:1[^]*?(?=^```$)/m.exec(read('docs/blueprint.md')) ?? ['']
  expect(() => parseBlueprint(source, { file: 'team.toml' })).toThrow(shown.trimEnd())
})

test('docs/blueprint.md names every field', () => {
  const cells = [...read('docs/blueprint.md').matchAll(/^\| (`[^|]*) \|/gm)].map(([, cell = '']) => cell)
  const named = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name))
  const { document, agent } = fieldsOf
  const tables = ['vars', 'defaults', 'teams', 'agents']
  expect(
    [...document, ...agent].filter((field) => !named.includes(field) && !tables.includes(field)),
  ).toEqual([])
})
