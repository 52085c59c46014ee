/** Files of blueprints with mistakes: each is a blueprint, or a list of problems that show where they are. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { at, byteDamage, type Damage, place } from '../../../core/test/support/damage.ts'
import { runs } from '../../../core/test/support/fuzz.ts'
import { BlueprintError, checkDocument, documentOf, parseBlueprint, renderGraph } from '../../src/index.ts'

const ROOT = join(import.meta.dirname, '../../../..')

/** All that the pages, the examples and the tests have of blueprints. */
const GOOD: readonly string[] = [
  ...globSync('examples/**/*.toml', { cwd: ROOT }).map(read),
  ...globSync('docs/*.md', { cwd: ROOT }).flatMap((page) =>
    [...read(page).matchAll(/^```toml\n(.*?)^```/gms)].map(([, text = '']) => text),
  ),
  ...[...read('packages/blueprint/test/unit/good.test.ts').matchAll(/`\n(.*?)`/gs)].map(
    ([, text = '']) => text,
  ),
].filter((text) => text.includes('[agents'))

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

const TOKENS = /[\w-]+|"""|'''|\s+|./gs

const WORDS: readonly string[] = [
  '[',
  ']',
  '[[',
  ']]',
  '{',
  '}',
  '"',
  "'",
  '"""',
  "'''",
  '=',
  '.',
  ',',
  '\n',
  '\r',
  '#',
  '\\',
  '{{',
  '}}',
  '\0',
  '\u2028',
  '\u001B',
  '\\u0007',
  '\\uD800',
  '__proto__',
  'constructor',
  'agents',
  'include',
  'vars',
  'env',
  'result',
  'inf',
  'nan',
  '-1',
  '1e999',
  '9223372036854775808',
  '2020-01-01',
  '0x',
  'true',
  '""',
  '[]',
  '{}',
  '{{ a.result }}',
  '{{ vars.x }}',
  '../../etc/passwd',
]

/** Of the words of a file: one less, one more, another, two in each other's place, or one a great many times. */
const wordDamage: fc.Arbitrary<Damage> = fc
  .tuple(place, place, fc.constantFrom(...WORDS), fc.constantFrom('drop', 'add', 'replace', 'swap', 'repeat'))
  .map(([first, second, word, what]) => (bytes: Buffer): Buffer => {
    const words = wordsOf(bytes)
    const index = at(first, words.length)
    const other = at(second, words.length)
    if (words.length === 0) return Buffer.from(word)
    const changed = {
      drop: () => words.toSpliced(index, 1),
      add: () => words.toSpliced(index, 0, word),
      replace: () => words.with(index, word),
      swap: () => words.with(index, words[other] ?? '').with(other, words[index] ?? ''),
      repeat: () => words.with(index, repeated(words[index] ?? '')),
    }[what]()
    return Buffer.from(changed.join(''))
  })

const wordsOf = (bytes: Buffer): readonly string[] => bytes.toString('utf8').match(TOKENS) ?? []

/** A great many times, but no larger than what people write by mistake. */
const repeated = (word: string): string =>
  word.repeat(Math.max(1, Math.min(5000, Math.floor(100_000 / word.length))))

const damages = fc.array(fc.oneof(byteDamage, { arbitrary: wordDamage, weight: 4 }), {
  minLength: 1,
  maxLength: 5,
})

function mustBeProblems(error: unknown, source: string): void {
  if (!(error instanceof BlueprintError)) throw error
  const lines = source.split('\n')
  expect(error.problems).not.toEqual([])
  for (const { file, line, column, message } of error.problems) {
    expect(message).not.toMatch(/\p{Cc}/u)
    if (file !== 'team.toml' || line === null || column === null) continue
    expect(line).toBeGreaterThan(0)
    expect(column).toBeGreaterThan(0)
    expect(line).toBeLessThanOrEqual(lines.length)
    expect(column).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 1)
  }
  expect(error.message.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
}

test('each is a blueprint, or a list of problems that show where they are', () => {
  expect(GOOD.length).toBeGreaterThan(10)
  fc.assert(
    fc.property(fc.constantFrom(...GOOD), damages, (good, all) => {
      const source = all.reduce<Buffer>((bytes, damage) => damage(bytes), Buffer.from(good)).toString('utf8')
      // A file may include itself under another name, or what is none.
      const options = {
        file: 'team.toml',
        folder: '/home',
        read: (path: string) => (path.length % 2 === 0 ? good : source),
      }
      try {
        const { agents } = parseBlueprint(source, options)
        expect(checkDocument(documentOf(source, options)).agents).toEqual(agents)
      } catch (error) {
        mustBeProblems(error, source)
      }
    }),
    { numRuns: runs(600) },
  )
})

test('each can be drawn when it is a blueprint', () => {
  fc.assert(
    fc.property(fc.constantFrom(...GOOD), damages, (good, all) => {
      const source = all.reduce<Buffer>((bytes, damage) => damage(bytes), Buffer.from(good)).toString('utf8')
      try {
        const blueprint = parseBlueprint(source, { file: 'team.toml', folder: '/home' })
        for (const format of ['text', 'mermaid'] as const) {
          expect(renderGraph(blueprint, format).replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
        }
      } catch (error) {
        mustBeProblems(error, source)
      }
    }),
    { numRuns: runs(200) },
  )
})
