import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OvermindError } from '@overmind/core'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { PATTERNS } from '../../src/config/event-pattern.ts'
import { configSchema, findConfig } from '../../src/config/index.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { readConfig } from '../../src/config/read.ts'

const PATH = '/home/ada/.overmind/config.toml'
const parse = (source: string): ReturnType<typeof parseConfig> => parseConfig(source, PATH)

function failure(act: () => unknown): OvermindError {
  try {
    act()
  } catch (error) {
    if (error instanceof OvermindError) return error
    throw error
  }
  throw new Error('it was accepted')
}

/** What is wrong, without the path that each line begins with. */
function problems(source: string): readonly string[] {
  const { code, message } = failure(() => parse(source))
  expect(code).toBe('invalid_config')
  return message
    .replaceAll('\ndid you mean', ' → did you mean')
    .split('\n')
    .map((line) => line.replace(`${PATH}:`, ''))
}

/** A hook that is right but for these lines, which begin with line 4. */
const hook = (lines: string): string => `[[hooks]]\nname = "a"\nevents = ["mission.exited"]\n${lines}`
const NAME_RULE =
  '1 to 63 letters, digits, ".", "_" or "-", beginning with a letter or digit, and neither 8 hexadecimal digits (those are ids) nor "watch"'
const EVENT_RULE = 'must be a type of event, such as mission.exited, or the beginning of some, such as ask.*'
const FILTER_RULE =
  'must be key=value with one of the keys id, name, status, type, provider, cwd, command, colony, parent, exit_class, label'

test('without anything in it there are no limits and no hooks', () => {
  expect(parse('')).toEqual({ limits: { providers: {}, colonies: {} }, hooks: [] })
})

test('all of it is read', () => {
  const source = `
[limits]
missions = 8
[limits.providers]
claude = 4
[limits.colonies]
blog = 2

[[hooks]]
name = "tell-me"
events = ["mission.exited", "ask.*"]
filter = ["status=crashed", "label=team=blog"]
command = ["notify-send", "Overmind", "a mission ended"]

[[hooks]]
name = "web"
events = ["runtime.*"]
url = "https://example.org/hook"
headers = { Authorization = { env = "HOOK_TOKEN" }, X-Plain = "text", X-File = { file = "secrets/token" } }
secret = { env = "HOOK_SECRET" }
timeout = "1m30s"
retries = 0`
  expect(parse(source)).toEqual({
    limits: { missions: 8, providers: { claude: 4 }, colonies: { blog: 2 } },
    hooks: [
      {
        name: 'tell-me',
        events: ['mission.exited', 'ask.*'],
        filter: ['status=crashed', 'label=team=blog'],
        target: { kind: 'command', argv: ['notify-send', 'Overmind', 'a mission ended'] },
        timeoutMs: 10_000,
        retries: 5,
      },
      {
        name: 'web',
        events: ['runtime.*'],
        filter: [],
        target: {
          kind: 'url',
          url: 'https://example.org/hook',
          headers: {
            Authorization: { env: 'HOOK_TOKEN' },
            'X-Plain': { text: 'text' },
            'X-File': { file: '/home/ada/.overmind/secrets/token' },
          },
          secret: { env: 'HOOK_SECRET' },
        },
        timeoutMs: 90_000,
        retries: 0,
      },
    ],
  })
})

test.each<[string, string[]]>([
  ['limits = 5', ['1:10: limits must be a table: got 5']],
  ['[limit]\nmissions = 1', ['1:2: limit: no such field → did you mean "limits"?']],
  ['[limits]\nmissions = 0', ['2:12: limits.missions must be at least 1: got 0']],
  ['[limits]\nmissions = 1.5', ['2:12: limits.missions must be a whole number: got 1.5']],
  ['[limits]\nmissions = "8"', ['2:12: limits.missions must be a number: got "8"']],
  ['[limits]\nmissons = 8', ['2:1: limits.missons: no such field → did you mean "missions"?']],
  ['[limits.providers]\nclaude = -1', ['2:10: limits.providers.claude must be at least 1: got -1']],
  ['[limits.colonies]\n"a b" = 1', [`2:1: limits.colonies."a b" must be ${NAME_RULE}`]],
  ['[limits]\ncolonies = 3', ['2:12: limits.colonies must be a table of numbers: got 3']],
  [
    '[limits]\nmissions = 2026-01-01',
    ['2:12: limits.missions: must stand in quotes: "2026-01-01"'].map((line) =>
      line.replace('missions: must', 'missions must'),
    ),
  ],
  ['[hooks]\nname = "a"', ['1:1: hooks must be a list: write [[hooks]]']],
  ['hooks = ["a"]', ['1:10: hooks.0 must be a table']],
  ['[[hook]]', ['1:3: hook: no such field → did you mean "hooks"?']],
  ['[[hooks]]\ncommand = ["x"]', ['1:1: hooks.0.name is missing', '1:1: hooks.0.events is missing']],
  [
    hook('comand = ["x"]'),
    [
      '1:1: hooks.0 must have one of command and url',
      '4:1: hooks.0.comand: no such field → did you mean "command"?',
    ],
  ],
  [hook(''), ['1:1: hooks.0 must have one of command and url']],
  [hook('command = ["x"]\nurl = "http://x"'), ['1:1: hooks.0 must have one of command and url']],
  [
    hook('command = "notify-send x"'),
    [
      '4:11: hooks.0.command must be a list of a program and its arguments, such as ["notify-send", "Overmind"]: no shell reads it: got "notify-send x"',
    ],
  ],
  [hook('command = []'), ['4:11: hooks.0.command must name a program: got []']],
  [hook('command = ["x", 5]'), ['4:17: hooks.0.command.1 must be text: got 5']],
  [hook('url = "example.org"'), ['4:7: hooks.0.url must be an address that begins with http:// or https://']],
  [
    hook('url = "ftp://example.org"'),
    ['4:7: hooks.0.url must be an address that begins with http:// or https://'],
  ],
  [
    hook('url = "http://me:word@x.org"'),
    ['4:7: hooks.0.url must be without a user and a password: use headers'],
  ],
  [
    hook('command = ["x"]\nheaders = { A = "b" }'),
    ['5:11: hooks.0.headers is for a url, and not for a command'],
  ],
  [hook('command = ["x"]\nsecret = "word"'), ['5:10: hooks.0.secret is for a url, and not for a command']],
  [
    hook('url = "http://x"\nheaders = { A = 5 }'),
    ['5:17: hooks.0.headers.A must be text, { env = "NAME" } or { file = "path" }'],
  ],
  [hook('url = "http://x"\nheaders = { A = 2026-01-01 }'), ['5:17: hooks.0.headers.A must be text']],
  [hook('url = "http://x"\nheaders = "A: word"'), ['5:11: hooks.0.headers must be a table of headers']],
  [
    hook('url = "http://x"\nheaders = { "A B" = "c" }'),
    ['5:13: hooks.0.headers."A B" must be the name of a header'],
  ],
  [
    hook('url = "http://x"\nheaders = { Overmind-Delivery = "c" }'),
    ['5:13: hooks.0.headers.Overmind-Delivery is a header that Overmind sets itself'],
  ],
  [
    hook('url = "http://x"\nsecret = { evn = "A" }'),
    [
      '5:10: hooks.0.secret must have one of env and file',
      '5:12: hooks.0.secret.evn: no such field → did you mean "env"?',
    ],
  ],
  [
    hook('url = "http://x"\nsecret = { env = "A", file = "b" }'),
    ['5:10: hooks.0.secret must have one of env and file'],
  ],
  [
    hook('url = "http://x"\nsecret = { env = "A=b" }'),
    ['5:18: hooks.0.secret.env must be the name of a variable, without "="'],
  ],
  [hook('command = ["x"]\ntimeout = 0'), ['5:11: hooks.0.timeout must be more than 0: got 0']],
  [hook('command = ["x"]\ntimeout = "2h"'), ['5:11: hooks.0.timeout must be at most an hour: got "2h"']],
  [
    hook('command = ["x"]\ntimeout = "soon"'),
    [
      '5:11: hooks.0.timeout must be a number of seconds, or a time such as "90s", "10m" or "1h30m": got "soon"',
    ],
  ],
  [hook('command = ["x"]\nretries = -1'), ['5:11: hooks.0.retries must be at least 0: got -1']],
  [hook('command = ["x"]\nretries = 101'), ['5:11: hooks.0.retries must be at most 100: got 101']],
  [hook('command = ["x"]\nfilter = ["status"]'), [`5:11: hooks.0.filter.0 ${FILTER_RULE}: got "status"`]],
  [
    hook('command = ["x"]\nfilter = ["staus=crashed=x"]'),
    [`5:11: hooks.0.filter.0 ${FILTER_RULE}: got "staus=crashed=x" → did you mean "status=crashed=x"?`],
  ],
  [
    hook('command = ["x"]\nfilter = "status=crashed"'),
    ['5:10: hooks.0.filter must be a list such as ["status=crashed"]: got "status=crashed"'],
  ],
  [
    '[[hooks]]\nname = "a"\nevents = []\ncommand = ["x"]',
    ['3:10: hooks.0.events must have at least one: got []'],
  ],
  [
    '[[hooks]]\nname = "a"\nevents = ["mission.exitd", "ask", "*", "nothing.*"]\ncommand = ["x"]',
    [
      `3:11: hooks.0.events.0 ${EVENT_RULE}: got "mission.exitd" → did you mean "mission.exited"?`,
      `3:28: hooks.0.events.1 ${EVENT_RULE}: got "ask" → did you mean "ask.*"?`,
      `3:35: hooks.0.events.2 ${EVENT_RULE}: got "*"`,
      `3:40: hooks.0.events.3 ${EVENT_RULE}: got "nothing.*"`,
    ],
  ],
  [
    '[[hooks]]\nname = "a"\nevents = ["mission.*", "runtime.started", "store.*"]\nfilter = ["status=crashed"]\ncommand = ["x"]',
    [
      '3:24: hooks.0.events.1 is of no mission, and filter says which missions: got "runtime.started"',
      '3:43: hooks.0.events.2 is of no mission, and filter says which missions: got "store.*"',
    ],
  ],
  [
    '[[hooks]]\nname = "no name"\nevents = ["ask.*"]\ncommand = ["x"]',
    [`2:8: hooks.0.name must be ${NAME_RULE}: got "no name"`],
  ],
  [
    '[[hooks]]\nname = ""\nevents = ["ask.*"]\ncommand = ["x"]',
    ['2:8: hooks.0.name must not be empty: got ""'],
  ],
  [
    `${hook('command = ["x"]')}\n${hook('command = ["x"]')}`,
    ['6:8: hooks.1.name is taken by hooks.0: got "a"'],
  ],
  [hook('command = ["x"]\ncommand = ["y"]'), ['5:1: this key is defined already']],
  [hook('url = "http://x"\nsecret = "word'), ['5:15: a text does not end']],
])('%j', (source, expected) => {
  expect(problems(source)).toEqual(expected)
})

test('whatever is wrong, what may be a secret is not repeated', () => {
  const SECRET = 'xyzzy-7'
  const places = [
    `secret = "${SECRET}"`,
    `headers = { Authorization = "${SECRET}" }`,
    `headers = "${SECRET}"`,
    `secret = { file = "x", more = "${SECRET}" }`,
    `secret = ["${SECRET}"]`,
    `url = "https://example.org:port/${SECRET}"`,
    `url = "https://me:${SECRET}@example.org"`,
    `headers.Authorization = "${SECRET}`,
    `secret = """\n${SECRET}`,
  ]
  const around = ['', 'timeout = "soon"', 'command = "x"', 'filter = [5]', '= 1', '"']
  const heads = ['[[hooks]]', '[hooks]', '[[hooks.more]]', 'hooks = 5']
  fc.assert(
    fc.property(
      fc.constantFrom(...heads),
      fc.array(fc.constantFrom(...places, ...around), { minLength: 1, maxLength: 4 }),
      (head, lines) => {
        expect(failure(() => parse([head, ...lines].join('\n'))).message).not.toContain(SECRET)
      },
    ),
  )
})

describe('the file', () => {
  let home = ''
  const file = (): string => join(home, 'config.toml')
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'ovd-config-'))
  })
  afterEach(() => rmSync(home, { recursive: true }))

  test('need not be there', () => {
    expect(readConfig(home)).toMatchObject({ path: file(), exists: false, config: { hooks: [] } })
  })

  test('may be a link to a file of yours', () => {
    writeFileSync(join(home, 'elsewhere.toml'), '[limits]\nmissions = 3')
    symlinkSync('elsewhere.toml', file())
    expect(readConfig(home)).toMatchObject({ exists: true, config: { limits: { missions: 3 } } })
  })

  test.each<[string, () => void, RegExp]>([
    [
      'that the group may write',
      () => (writeFileSync(file(), ''), chmodSync(file(), 0o660)),
      /can be written by others: run chmod go-w/,
    ],
    [
      'that all may write',
      () => (writeFileSync(file(), ''), chmodSync(file(), 0o602)),
      /can be written by others/,
    ],
    ['that is a folder', () => mkdirSync(file()), /is not a file/],
    ['that is not text', () => writeFileSync(file(), Buffer.from([0xff, 0xfe])), /is not text in UTF-8/],
    [
      'that is too large',
      () => writeFileSync(file(), '#'.repeat(1_048_577)),
      /has 1048577 bytes: it may have 1048576/,
    ],
    ['that is wrong', () => writeFileSync(file(), 'x = 1'), /config\.toml:1:1: x: no such field/],
  ])('%s is refused', (_, make, expected) => {
    make()
    const error = failure(() => readConfig(home))
    expect(error.code).toBe('invalid_config')
    expect(error.message).toMatch(expected)
    expect(error.message).toContain(file())
    expect(findConfig(home)).toEqual({ problems: error.message })
  })
})

const root = new URL('../../../../', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')
const blocksOf = (page: string): readonly string[] =>
  [...read(page).matchAll(/^```toml\n([^]*?)^```$/gm)].map(([, text = '']) => text)

test('docs/reference/config.schema.json is what the rules make', () => {
  const written: unknown = JSON.parse(read('docs/reference/config.schema.json'))
  expect(written, 'stale: npm run build && node scripts/docs.ts').toEqual(configSchema())
})

test.each(['docs/configuration.md', 'docs/hooks.md'])('what %s shows can be used', (page) => {
  const blocks = blocksOf(page)
  expect(blocks.length).toBeGreaterThan(2)
  for (const block of blocks.filter((each) => !each.startsWith('# wrong')))
    expect(() => parse(block)).not.toThrow()
})

test('docs/configuration.md names every field, and shows an error as it is', () => {
  const page = read('docs/configuration.md')
  const fields = Object.keys(propertiesOf(propertiesOf(configSchema())['hooks']))
  const limits = Object.keys(propertiesOf(propertiesOf(configSchema())['limits']))
  expect(fields.length + limits.length).toBeGreaterThan(10)
  for (const field of [...fields, ...limits]) expect(page).toMatch(new RegExp(`^\\| \`${field}\``, 'm'))
  const [, shown = '', said = ''] =
    /^```toml\n(# wrong\n[^]*?)^```$[^]*?^```text\n([^]*?)^```$/m.exec(page) ?? []
  expect(failure(() => parse(shown)).message).toBe(said.trimEnd())
})

function propertiesOf(schema: unknown): Record<string, unknown> {
  if (typeof schema !== 'object' || schema === null) return {}
  if ('items' in schema) return propertiesOf(schema.items)
  return 'properties' in schema && typeof schema.properties === 'object' ? { ...schema.properties } : {}
}

test('every event of docs/events.md can be named', () => {
  const types = [...read('docs/events.md').matchAll(/^\| `(\w+\.\w+)` \|/gm)].map(([, type = '']) => type)
  expect(types.length).toBeGreaterThan(30)
  expect(PATTERNS.filter((pattern) => !pattern.endsWith('*')).toSorted()).toEqual(types.toSorted())
})
