import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BlueprintError, checkDocument, type Problem, parseBlueprint } from '../../src/index.ts'

function failure(act: () => unknown): BlueprintError {
  try {
    act()
  } catch (error) {
    if (error instanceof BlueprintError) return error
    throw error
  }
  throw new Error('it was accepted')
}

const problemsOf = (source: string, set: Record<string, string> = {}): readonly Problem[] =>
  failure(() => parseBlueprint(source, { file: 'bad.toml', set })).problems

const shown = ({ line, column, message, suggestion }: Problem): string =>
  `${line}:${column} ${message}${suggestion === undefined ? '' : ` → ${suggestion}`}`

/** Problems of one agent called `a`, whose first field stands in line 2. */
const ofAgent = (fields: string): readonly string[] => problemsOf(`[agents.a]\n${fields}`).map(shown)
const whole = (source: string): readonly string[] => problemsOf(source).map(shown)

describe('no TOML', () => {
  test.each([
    ['x = ', '1:4 a value is missing here'],
    ['a = 1\r\nb = \r\n\r\n', '2:4 a value is missing here'],
    ['[a]\n[b]\n[a]', '3:2 this key is defined already'],
    ['[agents.a]\ncommand = "x"\ncommand = "y"', '3:1 this key is defined already'],
    ['agents.a.command = "x"\nagents.a.command = "y"', '2:10 this key is defined already'],
    ['a = "日本" b', '1:10 a new line must begin here'],
    ['a = [1, 2', '1:10 a list does not end'],
    ['a = "x', '1:7 a text does not end'],
    ['[agents.a', '1:10 a closing bracket is missing here'],
    ['a = tru', '1:5 unexpected character'],
    ['a = "\\q"', '1:7 invalid character in escape sequence'],
    ['# a\u007f', String.raw`1:4 invalid code point \u007f within comments`],
    [`a = ${'['.repeat(30_000)}`, null],
    [`a = ${'['.repeat(30_000)}${']'.repeat(30_000)}`, '1:1 the file is nested too deeply'],
    [`a = ${'['.repeat(500)}${']'.repeat(500)}`, '1:69 the file is nested too deeply'],
    [`${'a.'.repeat(5000)}a = 1`, null],
    [`[${'a.'.repeat(5000)}a]`, '1:1 the file is nested too deeply'],
  ])('%.40j', (source, expected) => {
    const found = whole(source)
    expect(found).toHaveLength(1)
    if (expected !== null) expect(found).toEqual([expected])
  })
})

describe('fields', () => {
  test.each<[string, string[]]>([
    ['', ['1:1 agents must be a table of agents']],
    ['agents = 5', ['1:10 agents must be a table of agents: got 5']],
    ['[agents]', ['1:1 agents must have at least one agent']],
    ['[[agents]]\nx = 1', ['1:1 agents must be a table of agents: got [{"x":1}]']],
    ['[[agents.a]]\ncommand = "x"', ['1:1 agents.a must be a table: got [{"command":"x"}]']],
    ['agents.a = "x"', ['1:12 agents.a must be a table: got "x"']],
    ['agents.a.b.command = "x"', ['1:8 agents.a needs a command', '1:10 agents.a.b: no such field']],
    [
      'max_paralel = 2\nmax_parallel = 0\nname = "no name"\ndeadline = "soon"\nmax_cost = 0\n[agents.a]\ncommand="x"',
      [
        '1:1 max_paralel: no such field → max_parallel',
        '2:16 max_parallel must be at least 1: got 0',
        '3:8 name must be 1 to 63 letters, digits, ".", "_" or "-", beginning with a letter or digit, and neither 8 hexadecimal digits (those are ids) nor "watch": got "no name"',
        '4:12 deadline must be a number of seconds, or a time such as "90s", "10m" or "1h30m": got "soon"',
        '5:12 max_cost must be more than 0 US dollars: got 0',
      ],
    ],
    [
      '[agents.a]\ncommand = "x"\ntype = "ritual"\nlabels = { "overmind/agent" = "b" }',
      [
        '3:8 agents.a.type must be one of task, session: got "ritual"',
        '4:10 agents.a.labels must not have names that begin with overmind/: got {"overmind/agent":"b"}',
      ],
    ],
    [
      '[agents.a]\ncommand = "x"\n[agents.a.update]\nmax_unavailable = 0\nwithn = 1',
      [
        '3:11 agents.a.update: it says how copies are replaced, and there are none: add replicas',
        '4:19 agents.a.update.max_unavailable must be at least 1: got 0',
        '5:1 agents.a.update.withn: no such field → within',
      ],
    ],
    [
      '[agents.a]\ncommand = "x"\nreplicas = 2\nready = { output = "x" }\nupdate = { stay_up = "5s" }',
      ['5:12 agents.a.update.stay_up: ready shows that it is of use: leave one of both'],
    ],
    [
      '[agents.web]\ncommand = "x"\nreplicas = 2\n[agents.web-2]\ncommand = "x {{ web.result }}"\ndepends_on = ["web"]',
      [
        '3:1 agents.web.replicas: its copies are called web-1 to web-2, and web-2 is an agent of its own',
        '5:14 agents.web-2.command: {{ web.result }}: there may be several of web, and no result of all',
        '6:15 agents.web-2.depends_on.0: web is kept alive and does not end: web-2 can wait for when = "started" or "ready"',
      ],
    ],
    [
      '[agents.a]\ncommand = "x"\nreplicas = 1001\n[agents.b]\ncommand = "x"\nreplicas = -1',
      [
        '3:12 agents.a.replicas must be at most 1000: got 1001',
        '6:12 agents.b.replicas must be at least 0: got -1',
      ],
    ],
    [
      '[vars]\nx = []\n"a b" = 1\n[agents.a]\ncommand = "x"',
      [
        '2:5 vars.x must be text, a number, true or false: got []',
        '3:1 vars."a b" must be letters, digits, "_" or "-", beginning with a letter',
      ],
    ],
    [
      '[defaults]\ncommand = "x"\ndepends_on = []\nprovidr = "x"\n[agents.a]\ncommand = "x"',
      [
        '2:1 defaults.command: has no place in defaults: each agent has its own',
        '3:1 defaults.depends_on: has no place in defaults: each agent has its own',
        '4:1 defaults.providr: no such field → provider',
      ],
    ],
    [
      '[agents."a b"]\ncommand = "x"',
      [
        '1:9 agents."a b" must be at most 63 letters, digits, "_" or "-", beginning with a letter, and neither 8 hexadecimal digits (those are ids) nor "watch" or "vars"',
      ],
    ],
    [
      '[agents."\\u001b[31m"]\n"\\u001b[2J" = "\\u009b"',
      [
        '1:1 agents."\\u001b[31m" needs a command',
        '1:9 agents."\\u001b[31m" must be at most 63 letters, digits, "_" or "-", beginning with a letter, and neither 8 hexadecimal digits (those are ids) nor "watch" or "vars"',
      ],
    ],
    [
      `[agents.${'x'.repeat(60)}]\ncommand = "x"`,
      [
        `1:9 agents.${'x'.repeat(60)}: its mission would be called bad.${'x'.repeat(60)}, and a name has at most 63 characters`,
      ],
    ],
    [
      '[__proto__]\nx = 1\n[agents.a]\ncommand = "x"\n[agents.__proto__]\ncommand = "y"',
      ['1:2 __proto__: no such field', '5:9 agents.__proto__: no such field'],
    ],
    [
      '[agents.a]\ncommand = "x"\nenv.__proto__ = "x"\noptions.__proto__.y = 1',
      [
        '3:5 agents.a.env.__proto__: no such field',
        '4:1 agents.a.options: a shell command has none: name the provider of an agent for that',
        '4:9 agents.a.options.__proto__: no such field',
      ],
    ],
    [
      '[agents.a]\ncommand = "x"\ntimeout = 1979-05-27\ncpus = inf\npids = 99999999999999999999',
      [
        '3:11 agents.a.timeout must stand in quotes: "1979-05-27"',
        '4:8 agents.a.cpus must be a number that can be counted to: got inf',
        '5:8 agents.a.pids must be a number that can be counted to: got 99999999999999999999',
      ],
    ],
  ])('%j', (source, expected) => {
    expect(whole(source)).toEqual(expected)
  })
})

describe('an agent', () => {
  const time = 'must be a number of seconds, or a time such as "90s", "10m" or "1h30m"'
  const probe = 'agents.a.ready must have one of exec, http and output'
  const dependency =
    'must be the name of an agent, or { agent = "name", when = "completed", on_failure = "skip" }'
  test.each<[string, string[]]>([
    ['', ['1:1 agents.a needs a command']],
    ['command = "  "', ['2:11 agents.a.command must not be empty']],
    ['command = []', ['2:11 agents.a.command must name a program: got []']],
    [
      'command = 5',
      ['2:11 agents.a.command must be a command line or a list of a program and its arguments: got 5'],
    ],
    ['command = ["x", 5]', ['2:17 agents.a.command.1 must be text: got 5']],
    ['commnd = "x"', ['1:1 agents.a needs a command', '2:1 agents.a.commnd: no such field → command']],
    ['command = "x"\ndependsOn = ["b"]', ['3:1 agents.a.dependsOn: no such field → depends_on']],
    ['command = "x"\ntimeout_ms = 5', ['3:1 agents.a.timeout_ms: no such field → timeout']],
    ['command = "x"\nmax_cost_usd = 5', ['3:1 agents.a.max_cost_usd: no such field → max_cost']],
    ['command = "x"\nzzz = 5', ['3:1 agents.a.zzz: no such field']],
    ['command = "x"\ntimeout = "1x"', [`3:11 agents.a.timeout ${time}: got "1x"`]],
    ['command = "x"\ntimeout = "30m1h"', [`3:11 agents.a.timeout ${time}: got "30m1h"`]],
    ['command = "x"\ntimeout = true', [`3:11 agents.a.timeout ${time}: got true`]],
    ['command = "x"\ntimeout = ""', [`3:11 agents.a.timeout ${time}: got ""`]],
    ['command = "x"\ntimeout = 0', ['3:11 agents.a.timeout must be at least 1 milliseconds: got 0']],
    ['command = "x"\ntimeout = "400d"', ['3:11 agents.a.timeout must be at most a year: got "400d"']],
    ['command = "x"\ntimeout = -1', ['3:11 agents.a.timeout must be at least 1 milliseconds: got -1']],
    ['command = "x"\nmemory = "1K"', ['3:10 agents.a.memory must be at least 1048576 bytes: got "1K"']],
    [
      'command = "x"\nmemory = "5X"',
      ['3:10 agents.a.memory must be a number of bytes, or a size such as "512M" or "2G": got "5X"'],
    ],
    [
      'command = "x"\nrestart = "on_failure"',
      ['3:11 agents.a.restart must be one of never, on-failure, always: got "on_failure"'],
    ],
    [
      'command = "x"\nstop_signal = "TERM"',
      ['3:15 agents.a.stop_signal must be a signal such as SIGTERM or SIGINT: got "TERM"'],
    ],
    [
      'command = "x"\nsuccess_codes = [0, 256]',
      ['3:21 agents.a.success_codes.1 must be at most 255: got 256'],
    ],
    ['command = "x"\nterminal = { colums = 80 }', ['3:14 agents.a.terminal.colums: no such field → columns']],
    ['command = "x"\ncwd = ""', ['3:7 agents.a.cwd must be an absolute path: got ""']],
    ['command = "x"\nretries = -1', ['3:11 agents.a.retries must be at least 0: got -1']],
    [
      'command = "x"\nretries = 1\nrestart = "always"',
      ['3:1 agents.a.retries: it stands for restart: leave one of both'],
    ],
    [
      'command = "x"\ncustody = "marks"\ncpus = 1',
      ['3:11 agents.a.custody must be "cgroup" when cpus are limited'],
    ],
    [
      'command = "x"\nmodel = "opus"',
      ['3:1 agents.a.model: a shell command has none: name the provider of an agent for that'],
    ],
    [
      'type = "session"\nterminal = {}',
      ['3:12 agents.a.terminal: a session takes messages, and no keys: leave one of both'],
    ],
    [
      'command = "x"\nprovider = "claude"\noptions.permissionMode = "plan"',
      ['4:9 agents.a.options.permissionMode: options are written in small letters → permission_mode'],
    ],
    [
      'command = "x"\nenv = { A = 5, B = { from_end = "X" }, C = { from_env = "A=B" }, "=" = "x", D = {} }',
      [
        '3:13 agents.a.env.A must be text, { from_env = "NAME" } or { from_file = "path" }',
        '3:20 agents.a.env.B must have one of from_env and from_file',
        '3:22 agents.a.env.B.from_end: no such field → from_env',
        '3:57 agents.a.env.C.from_env must be the name of a variable, without "="',
        '3:66 agents.a.env."=" must be the name of a variable, without "="',
        '3:81 agents.a.env.D must have one of from_env and from_file',
      ],
    ],
    [
      'command = "x"\nready = "up"',
      ['3:9 agents.a.ready must be a table with one of exec, http and output: got "up"'],
    ],
    ['command = "x"\nalive = {}', ['3:9 agents.a.alive must have one of exec and http']],
    [
      'command = "x"\nalive = { http = "http://x", exec = ["y"] }',
      ['3:9 agents.a.alive must have one of exec and http: got exec and http'],
    ],
    [
      'command = "x"\nalive = true',
      ['3:9 agents.a.alive must be a table with one of exec and http: got true'],
    ],
    [
      'command = "x"\nalive = { http = "http://x", failures = 0 }',
      ['3:41 agents.a.alive.failures must be at least 1: got 0'],
    ],
    [
      'command = "x"\nalive = { http = "http://x", failure = 1 }',
      ['3:30 agents.a.alive.failure: no such field → failures'],
    ],
    ['command = "x"\nready = {}', [`3:9 ${probe}`]],
    ['command = "x"\nready = { http = "http://x", output = "y" }', [`3:9 ${probe}: got http and output`]],
    [
      'command = "x"\nready = { exec = "curl x" }',
      [
        '3:18 agents.a.ready.exec must be a list of a program and its arguments: a shell line is ["sh", "-c", "…"]: got "curl x"',
      ],
    ],
    ['command = "x"\nready = { exec = [] }', ['3:18 agents.a.ready.exec must name a program: got []']],
    [
      'command = "x"\nready = { http = "localhost:80" }',
      [
        '3:18 agents.a.ready.http must be an address such as "http://localhost:3000/health": got "localhost:80"',
      ],
    ],
    [
      'command = "x"\nready = { output = "x", interval = 1 }',
      ['3:25 agents.a.ready.interval: output is read as it comes: leave it out'],
    ],
    [
      'command = "x"\nready = { output = "x", intervall = 1 }',
      ['3:25 agents.a.ready.intervall: no such field → interval'],
    ],
    ['command = "x"\ndepends_on = "b"', ['3:14 agents.a.depends_on must be a list of agents: got "b"']],
    ['command = "x"\ndepends_on = [5]', [`3:15 agents.a.depends_on.0 ${dependency}: got 5`]],
    ['command = "x"\ndepends_on = ["a"]', ['3:15 agents.a.depends_on.0: a waits for itself']],
    ['command = "x"\ndepends_on = ["ab"]', ['3:15 agents.a.depends_on.0: there is no agent ab']],
    [
      'command = "x"\ndepends_on = [{ agent = "b", wen = "ready", on_failure = "sotp" }]\n[agents.b]\ncommand = "x"',
      [
        '3:30 agents.a.depends_on.0.wen: no such field → when',
        '3:58 agents.a.depends_on.0.on_failure must be one of skip, run, stop: got "sotp"',
      ],
    ],
    [
      'command = "x"\ndepends_on = ["b", { agent = "b" }, "bc"]\n[agents.b]\ncommand = "x"\n[agents.bcd]\ncommand = "x"',
      [
        '3:20 agents.a.depends_on.1: b is named twice',
        '3:37 agents.a.depends_on.2: there is no agent bc → bcd',
      ],
    ],
    [
      'command = "x"\ndepends_on = ["c"]\n[agents.b]\ncommand = "x"\ndepends_on = ["a"]\n[agents.c]\ncommand = "x"\ndepends_on = ["b"]',
      ['3:15 agents.a.depends_on.0: they wait for each other: a → c → b → a'],
    ],
  ])('%j', (fields, expected) => {
    expect(ofAgent(fields)).toEqual(expected)
  })
})

describe('double braces', () => {
  const before =
    '[vars]\ntopic = "x"\n[agents.b]\ncommand = "x"\n[agents.c]\ncommand = "x"\ndepends_on = ["b"]\n[agents.a]\n'
  const escape = 'for braces as they are, write {{ "{{" }}'
  test.each<[string, string[]]>([
    [
      'command = "say {{ vars.topik }}"',
      ['9:16 agents.a.command: {{ vars.topik }}: there is no such variable → {{ vars.topic }}'],
    ],
    [
      'command = "say {{ topic }}"',
      [`9:16 agents.a.command: {{ topic }} is no reference; ${escape} → {{ vars.topic }}`],
    ],
    [
      'command = "say {{ b }}"',
      [`9:16 agents.a.command: {{ b }} is no reference; ${escape} → {{ b.result }}`],
    ],
    [
      'command = "docker ps --format {{.Names}}"',
      [`9:31 agents.a.command: {{.Names}} is no reference; ${escape}`],
    ],
    ['command = "say {{ b.result"', [`9:16 agents.a.command: double braces are not closed; ${escape}`]],
    [
      'command = "say {{ b.resutl }}"',
      ['9:16 agents.a.command: {{ b.resutl }}: an agent has a result and a file → {{ b.result }}'],
    ],
    [
      'command = "say {{ d.result }}"',
      ['9:16 agents.a.command: {{ d.result }}: there is no agent d → {{ b.result }}'],
    ],
    [
      'command = "say {{ a.result }}"',
      ['9:16 agents.a.command: {{ a.result }} is its own: it has none before it has ended'],
    ],
    [
      'command = "say {{ b.result }}"',
      ['9:16 agents.a.command: {{ b.result }}: a does not wait for b: add "b" to its depends_on'],
    ],
    [
      'command = "say {{ b.result }}"\ndepends_on = [{ agent = "b", when = "started" }]',
      [
        '9:16 agents.a.command: {{ b.result }}: a may start before b has a result: depend on it with when = "completed", and without on_failure = "run"',
      ],
    ],
    [
      'command = "say {{ b.result }}"\ndepends_on = [{ agent = "b", on_failure = "run" }]',
      [
        '9:16 agents.a.command: {{ b.result }}: a may start before b has a result: depend on it with when = "completed", and without on_failure = "run"',
      ],
    ],
    [
      'command = "say {{ b.result }}"\ndepends_on = [{ agent = "c", when = "ended" }]',
      ['9:16 agents.a.command: {{ b.result }}: a does not wait for b: add "b" to its depends_on'],
    ],
    [
      `command = "say '{{ b.result }}'"\ndepends_on = ["b"]`,
      ['9:17 agents.a.command: {{ b.result }}: it is quoted for you: leave the quotes out'],
    ],
    [
      `command = 'say "{{ b.result }}"'\ndepends_on = ["b"]`,
      ['9:17 agents.a.command: {{ b.result }}: it is quoted for you: leave the quotes out'],
    ],
    [
      `command = "echo it's {{ vars.topic }} {{ b.result }}'"\ndepends_on = ["b"]`,
      ['9:39 agents.a.command: {{ b.result }}: it is quoted for you: leave the quotes out'],
    ],
    [
      "command = 'cat <<E\\n{{ b.result }}'\ndepends_on = ['b']",
      [
        '9:21 agents.a.command: {{ b.result }}: it cannot be quoted safely here: put it into env, and write "$NAME" here',
      ],
    ],
    [
      "command = 'make >& {{ b.file }}'\ndepends_on = ['b']",
      [
        '9:20 agents.a.command: {{ b.file }}: bash reads a word behind >& twice: write > "file" 2>&1 in its place',
      ],
    ],
    [
      'command = "x"\ncwd = "/{{ b.file }}"\ndepends_on = ["b"]',
      [
        '10:9 agents.a.cwd: {{ b.file }}: results are known when an agent starts: in command, options and env',
      ],
    ],
    [
      'command = "x"\nenv.A = { from_env = "{{ b.file }}" }\ndepends_on = ["b"]',
      [
        '10:23 agents.a.env.A.from_env: {{ b.file }}: results are known when an agent starts: in command, options and env',
      ],
    ],
    [
      'command = "x"\nenv.A = "{{ b.result }}"',
      ['10:10 agents.a.env.A: {{ b.result }}: a does not wait for b: add "b" to its depends_on'],
    ],
  ])('%j', (fields, expected) => {
    expect(problemsOf(before + fields).map(shown)).toEqual(expected)
  })

  test.each([
    'command = "say {{ b.result }}"\ndepends_on = ["c"]',
    `command = "say '{{ b.result }}'"\nprovider = "claude"\ndepends_on = ["b"]`,
    `command = ["say", "'{{ b.result }}'"]\ndepends_on = ["b"]`,
    'command = "x"\nenv.A = "\'{{ b.result }}\'"\ndepends_on = ["b"]',
    'command = "x"\nprovider = "claude"\noptions.system_prompt = ["{{ b.file }}"]\ndepends_on = ["b"]',
  ])('%j is right', (fields) => {
    expect(() => parseBlueprint(before + fields, { file: 'good.toml' })).not.toThrow()
  })

  test('of a default are told once, where they stand, for each agent that they are wrong for', () => {
    const source =
      '[defaults]\nenv = { A = "{{ b.result }}" }\n[agents.b]\ncommand = "x"\n[agents.a]\ncommand = "x"'
    expect(whole(source)).toEqual([
      '2:14 defaults.env.A: {{ b.result }} is its own: it has none before it has ended',
      '2:14 defaults.env.A: {{ b.result }}: a does not wait for b: add "b" to its depends_on',
    ])
  })

  test('of a variable are an error', () => {
    expect(whole('[vars]\nx = "{{ vars.y }}"\n[agents.a]\ncommand = "x"')).toEqual([
      '2:5 vars.x: a variable cannot refer to anything',
    ])
  })
})

test('a variable that is set and not there', () => {
  const source = '[vars]\ntopic = "x"\n[agents.a]\ncommand = "x"'
  expect(problemsOf(source, { topik: 'y', constructor: 'z' })).toEqual([
    {
      file: 'bad.toml',
      line: null,
      column: null,
      path: 'vars.topik',
      message: 'vars.topik: there is no such variable to set',
      suggestion: 'topic',
    },
    {
      file: 'bad.toml',
      line: null,
      column: null,
      path: 'vars.constructor',
      message: 'vars.constructor: there is no such variable to set',
    },
  ])
})

describe('the message', () => {
  const message = (source: string, file = 'bad.toml'): string =>
    failure(() => parseBlueprint(source, { file })).message

  test('has a block for each problem, with its line, a caret and what was meant', () => {
    expect(message('[agents.a]\ncommand = "x"\n\tdepend_on = ["b"]\nretries = "3"')).toBe(`\
bad.toml:3:2: agents.a.depend_on: no such field
   depend_on = ["b"]
   ^
did you mean "depends_on"?

bad.toml:4:11: agents.a.retries must be a number: got "3"
  retries = "3"
            ^`)
  })

  test('has its caret under characters of two columns, and of none', () => {
    expect(message('"日本🎉e\u0301" = 1\nagents.a.command = "x"')).toContain('  "日本🎉e\u0301" = 1\n  ^')
    expect(message('agents.a = { command = "日本🎉e\u0301", cpus = 0 }')).toContain(`${' '.repeat(42)}^`)
  })

  test('shows of a long line what is around the place', () => {
    const long = `agents.a = { command = "${'x'.repeat(100_000)}", cpu = 1, model = "${'y'.repeat(100_000)}" }`
    const lines = message(long).split('\n')
    expect(lines[0]).toBe('bad.toml:1:100028: agents.a.cpu: no such field')
    expect(lines[1]).toMatch(/^ {2}…x+", cpu = 1, model = "y+…$/)
    expect(lines[1]?.charAt(lines[2]?.indexOf('^') ?? -1)).toBe('c')
  })

  test('tells the first hundred', () => {
    const fields = Array.from({ length: 250 }, (_, index) => `x${index} = 1`).join('\n')
    const error = failure(() => parseBlueprint(`[agents.a]\ncommand = "x"\n${fields}`, { file: 'bad.toml' }))
    expect(error.problems).toHaveLength(250)
    expect(error.message).toContain('bad.toml:102:1: agents.a.x99: no such field')
    expect(error.message).not.toContain('agents.a.x100')
    expect(error.message).toMatch(/\n\nand 150 more$/)
  })

  test('comes at once, also with thousands of mistakes among thousands of names', () => {
    const source = Array.from(
      { length: 3000 },
      (_, index) =>
        `[agents.a${index}]\ncommand = "{{ b${index}.result }} {{ vars.v${index} }}"\ndepends_on = ["x${index}", "a${index ^ 1}"]\nteam = "t${index}"\n`,
    ).join('')
    const { problems } = failure(() => parseBlueprint(source, { file: 'bad.toml' }))
    expect(problems.length).toBeGreaterThan(9000)
    expect(problems.filter(({ suggestion }) => suggestion !== undefined).length).toBeLessThanOrEqual(300)
  })

  test('shows nothing of an environment', () => {
    expect(message('[agents.a]\ncommand = "x"\nenv = { KEY = 12345 }')).not.toContain('12345')
    expect(message('[agents.a]\ncommand = "x"\n[agents.a.env]\nKEY = 12345')).not.toContain('12345')
    expect(message('agents.a = { comand = "x", env = { KEY = "12345" } }')).not.toContain('12345')
  })

  test('shows control characters as what they are', () => {
    const text = message('"\\u001b[31m\u009b" = 1\n"\u202e" = 1\nagents.a.command = "x"', 'a\u001b.toml')
    for (const unsafe of ['\u001b', '\u009b', '\u202e']) expect(text).not.toContain(unsafe)
    expect(text).toContain('a\\u001b.toml:1:1: "\\u001b[31m\\u009b": no such field')
  })
})

describe('a document that is no file', () => {
  const ofDocument = (document: unknown): readonly Problem[] =>
    failure(() => checkDocument(document)).problems

  test.each([null, 5, 'x', [], undefined, [[]]])('%j', (document) => {
    expect(ofDocument(document).map(({ message }) => message)[0]).toMatch(
      /^the document must be a table|^agents must/,
    )
  })

  test.each([5n, () => 1, Symbol('x'), { toJSON: () => 5 }])('with %o is none', (command) => {
    const found = ofDocument({ agents: { a: { command } } }).map(({ message }) => message)
    expect(found).toContainEqual(expect.stringMatching(/^agents\.a\.command(\.toJSON)? is not JSON$/))
  })

  test('has paths and no lines', () => {
    expect(ofDocument({ agents: { a: { command: 'x', cwd: 'here' } } })).toEqual([
      {
        file: null,
        line: null,
        column: null,
        path: 'agents.a.cwd',
        message: 'agents.a.cwd must be an absolute path: got "here"',
      },
    ])
  })

  test('includes no files', () => {
    const document = { include: ['x.toml'], agents: { a: { command: 'x' } } }
    expect(ofDocument(document).map(({ message }) => message)).toEqual([
      'include: a document that stands alone includes no files',
    ])
  })

  test('that has no end is nested too deeply', () => {
    const options: Record<string, unknown> = {}
    options['self'] = options
    const found = ofDocument({ agents: { a: { command: 'x', provider: 'claude', options } } })
    expect(found.map(({ message }) => message)).toEqual(['agents.a.options.self is nested too deeply'])
  })

  test('of any JSON is a blueprint or a list of problems', () => {
    const words = fc.constantFrom(
      'agents',
      'a',
      'command',
      'depends_on',
      'env',
      'ready',
      'exec',
      '__proto__',
      'vars',
      'defaults',
      'constructor',
      '{{ a.result }}',
    )
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        words,
        fc.jsonValue({ maxDepth: 1 }),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc
          .array(fc.tuple(words, tie('tree')), { maxLength: 4 })
          .map((entries) => Object.fromEntries(entries)),
      ),
    }))
    fc.assert(
      fc.property(tree, fc.boolean(), (value, wrapped) => {
        try {
          checkDocument(wrapped ? { agents: { a: value } } : value)
        } catch (error) {
          expect(error).toBeInstanceOf(BlueprintError)
        }
      }),
      { numRuns: 500 },
    )
  })
})

const SAMPLE = `
include = ["other.toml"]
[vars]
topic = "x"
[defaults]
env = { A = "{{ vars.topic }}", B = { from_env = "X" } }
[agents.a]
command = """
echo {{ vars.topic }}"""
[[agents.b.depends_on]]
agent = "a"
when = 'started'
[agents.b.ready]
exec = ["x", "y"]
[agents.c]
command = "echo {{ a.result }}"
depends_on = ["a", { agent = "b" }]
timeout = 1.5e1
`

test('a text with any mistakes is a blueprint or a list of problems', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '[',
      ']',
      '{',
      '}',
      '"',
      "'",
      '"""',
      '=',
      '.',
      ',',
      '\n',
      '\r',
      '#',
      '\\',
      '{{',
      '}}',
      '__proto__',
      '\0',
      '\u2028',
      '1',
      '-',
    ),
    fc.string({ unit: 'binary', maxLength: 4 }),
    fc.nat(SAMPLE.length).chain((from) => fc.nat(40).map((length) => SAMPLE.slice(from, from + length))),
  )
  const edits = fc.array(fc.record({ at: fc.nat(SAMPLE.length), remove: fc.nat(12), insert: piece }), {
    minLength: 1,
    maxLength: 6,
  })
  fc.assert(
    fc.property(edits, (given) => {
      const source = given.reduce(
        (text, { at, remove, insert }) => text.slice(0, at) + insert + text.slice(at + remove),
        SAMPLE,
      )
      try {
        parseBlueprint(source, { file: 'x.toml', folder: '/', read: () => source })
      } catch (error) {
        expect(error).toBeInstanceOf(BlueprintError)
        for (const { line, column } of (error as BlueprintError).problems) {
          expect(line ?? 1).toBeLessThanOrEqual(source.split('\n').length)
          expect(column ?? 1).toBeGreaterThan(0)
        }
      }
    }),
    { numRuns: 1000 },
  )
})
