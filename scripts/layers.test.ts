import { describe, expect, test } from 'vitest'
import { violations } from './layers.ts'

/** Sources by path below `packages/`; what they say is all the checker sees. */
const check = (files: Record<string, string>): string[] =>
  violations(new Map(Object.entries(files).map(([path, source]) => [`packages/${path}`, source])))

describe('between packages', () => {
  test('arrows that point down are silent', () => {
    expect(
      check({
        'core/src/index.ts': `import { setup } from 'xstate'; import { open } from 'node:fs/promises'`,
        'daemon/src/index.ts': `import { createRuntime } from '@overmind/core'; import 'node:http'`,
        'client/src/index.ts': `import type { Routes } from '@overmind/daemon'; import 'node:http'`,
        'cli/src/main.ts': `
          import { connect } from '@overmind/client'
          import type { Status } from '@overmind/daemon'
          const main = import.meta.resolve('@overmind/daemon/main')
          const yargs = await import('yargs')`,
      }),
    ).toEqual([])
  })

  test('a function of any name is no import', () => {
    expect(check({ 'core/src/index.ts': 'valueOf(); toString(); constructor(); requires(x)' })).toEqual([])
  })

  test('an import upwards is named with its file, line and rule', () => {
    expect(check({ 'core/src/index.ts': `// core\n\nimport { connect } from '@overmind/client'` })).toEqual([
      'packages/core/src/index.ts:3 imports @overmind/client: core may not import client',
    ])
  })

  test.each([
    ['a type', `import type { Client } from '@overmind/client'`],
    ['a type in place', `let client: import('@overmind/client').Client`],
    ['a re-export', `export * from '@overmind/client'`],
    ['a dynamic import', 'await import(`@overmind/client`)'],
    ['a require', `require('@overmind/client')`],
    ['a deep path', `import '@overmind/client/internal'`],
  ])('%s counts as an import', (_, source) => {
    expect(check({ 'daemon/src/api/a.ts': source })).toEqual([
      expect.stringMatching(/^packages\/daemon\/src\/api\/a\.ts:1 .* daemon may not import client$/),
    ])
  })

  test('the command knows the daemon only by its types and its place', () => {
    expect(check({ 'cli/src/main.ts': `import { main } from '@overmind/daemon'` })).toEqual([
      'packages/cli/src/main.ts:1 imports @overmind/daemon: ' +
        'cli may import daemon only with `import type` or with `import.meta.resolve`',
    ])
  })

  test('the client loads no package of npm, and `import { type T }` does load it', () => {
    expect(check({ 'client/src/index.ts': `import { type Zod } from 'zod'` })).toEqual([
      'packages/client/src/index.ts:1 imports zod: client may import packages of npm only with `import type`',
    ])
    expect(check({ 'client/src/index.ts': `import type { Zod } from 'zod'` })).toEqual([])
  })

  test('the program that keeps a terminal listens on a socket, and is started by its name', () => {
    expect(check({ 'core/src/process/terminal/main.ts': `import { createServer } from 'node:net'` })).toEqual(
      [],
    )
    expect(
      check({ 'core/src/process/a.ts': `import.meta.resolve('@overmind/core/terminal-program')` }),
    ).toEqual([])
    expect(check({ 'core/src/process/a.ts': `import '@overmind/core/terminal-program'` })).toEqual([
      expect.stringMatching(/core may import core only with `import.meta.resolve`$/),
    ])
    expect(
      check({ 'client/src/a.ts': `import { encodeMessage } from '@overmind/core/terminal-protocol'` }),
    ).toEqual([])
    for (const one of ['cli', 'mcp']) {
      expect(check({ [`${one}/src/a.ts`]: `import { nearest } from '@overmind/core/text'` })).toEqual([])
      expect(check({ [`${one}/src/a.ts`]: `import type { Talk } from '@overmind/core'` })).toEqual([
        expect.stringContaining(`${one} may not import core`),
      ])
    }
  })

  test('the core has no network and no database', () => {
    expect(
      check({ 'core/src/index.ts': `import 'node:http'\nimport 'net'\nimport 'node:dns/promises'` }),
    ).toEqual([
      'packages/core/src/index.ts:1 imports node:http: core does without node:http',
      'packages/core/src/index.ts:2 imports net: core does without node:net',
      'packages/core/src/index.ts:3 imports node:dns/promises: core does without node:dns',
    ])
  })

  test('a relative path does not lead into another package', () => {
    expect(check({ 'daemon/src/index.ts': `import '../../core/src/model/spec.ts'` })).toEqual([
      'packages/daemon/src/index.ts:1 imports ../../core/src/model/spec.ts: leaves daemon, import @overmind/core',
    ])
  })

  test('a computed import and a package without rules are not passed over', () => {
    expect(check({ 'daemon/src/index.ts': `await import(name)` })).toEqual([
      'packages/daemon/src/index.ts:1 imports (computed): only a literal can be checked',
    ])
    expect(check({ 'swarm/src/index.ts': `import 'node:fs'` })).toEqual([
      'packages/swarm/src/index.ts:1 imports node:fs: swarm has no rules yet, add it to scripts/layers.ts',
    ])
  })
})

describe('inside a package', () => {
  test('a stage imports itself and the stages before it, index.ts imports all', () => {
    expect(
      check({
        'core/src/mission/policy/restart.ts': `import '../../model/spec.ts'; import '../machine.ts'`,
        'core/src/index.ts': `export * from './runtime/runtime.ts'`,
      }),
    ).toEqual([])
  })

  test('no stage imports a later one, nor index.ts, nor a type of them', () => {
    const order =
      'text ← model ← journal ← process ← provider ← mission ← supervisor ← runtime ← testing ← index.ts'
    expect(
      check({
        'core/src/journal/journal.ts': `import type { Host } from '../process/host.ts'\nimport '../index.ts'`,
      }),
    ).toEqual([
      `packages/core/src/journal/journal.ts:1 imports ../process/host.ts: against the order ${order}`,
      `packages/core/src/journal/journal.ts:2 imports ../index.ts: against the order ${order}`,
    ])
  })

  test('a folder nobody placed is reported', () => {
    expect(check({ 'core/src/runtime/runtime.ts': `import '../misc/clock.ts'` })).toEqual([
      'packages/core/src/runtime/runtime.ts:1 imports ../misc/clock.ts: ' +
        'misc/ has no place in the order, add it to scripts/layers.ts',
    ])
  })

  test('nothing imports main.ts', () => {
    expect(check({ 'daemon/src/api/a.ts': `import '../main.ts'` })).toEqual([
      'packages/daemon/src/api/a.ts:1 imports ../main.ts: main.ts is started, never imported',
    ])
  })

  test('a circle of files is shown once, as it goes', () => {
    expect(
      check({
        'daemon/src/a.ts': `import './b.ts'`,
        'daemon/src/b.ts': `\nimport type { C } from './c.ts'`,
        'daemon/src/c.ts': `export { a } from './a.ts'`,
        'daemon/src/d.ts': `import './a.ts'; import './c.ts'`,
      }),
    ).toEqual([
      'packages/daemon/src/c.ts:1 imports ./a.ts: closes the circle ' +
        'packages/daemon/src/a.ts → packages/daemon/src/b.ts → packages/daemon/src/c.ts → packages/daemon/src/a.ts',
    ])
  })
})
