import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { parseBlueprint, readIncluded } from '../../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'overmind-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const pipe = join(folder, 'pipe')
execFileSync('mkfifo', [pipe])
const large = join(folder, 'large.toml')
writeFileSync(large, '')
truncateSync(large, 2 ** 40)

test.each([
  [pipe, 'it is not a file'],
  ['/dev/zero', 'it is not a file'],
  ['/proc', 'it is not a file'],
  [large, 'it has 1099511627776 bytes'],
])('a file that is included is one that ends: %s is not read', (path, why) => {
  const source = `include = [${JSON.stringify(path)}]\n[agents.a]\ncommand = "true"`
  expect(() => parseBlueprint(source, { file: join(folder, 'main.toml'), read: readIncluded })).toThrow(why)
})
