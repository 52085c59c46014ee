import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { FAULTS } from './faults.ts'
import { KINDS } from './kinds.ts'

test.each(['README.md', 'docs/survival.md'])(
  '%s has the faults and kinds that are tried, and says where nothing is',
  (file) => {
    const page = readFileSync(join(import.meta.dirname, '../../../..', file), 'utf8')
    const [heading, , ...rows] = page
      .split('\n')
      .slice(page.split('\n').findIndex((line) => line.startsWith('| | plain')))
      .filter((_, index, lines) => lines.slice(0, index + 1).every((each) => each.startsWith('|')))
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      )
    expect(heading?.slice(1)).toEqual(KINDS.map(({ name }) => name))
    const tried = rows.map(([fault = '', ...cells]) => [
      fault,
      KINDS.filter((_, index) => !/^(–|\(.*\))$/.test(cells[index] ?? '–')).map(({ name }) => name),
    ])
    const isHere = new Set(FAULTS.map(({ name }) => name))
    // A disk of its own takes root.
    const expected = tried.filter(([fault]) => isHere.has(String(fault)))
    expect(expected).toEqual(
      FAULTS.map(({ name, kinds }) => [
        name,
        KINDS.map((kind) => kind.name).filter((kind) => kinds?.includes(kind) ?? true),
      ]),
    )
    expect(tried.length - expected.length).toBeLessThanOrEqual(process.getuid?.() === 0 ? 0 : 1)
  },
)
