import { missionInputShape } from '@overmind/core'
import { describe, expect, test } from 'vitest'
import { type Agent, type Blueprint, checkDocument, documentOf, parseBlueprint } from '../../src/index.ts'
import { missionFields } from '../../src/mission-fields.ts'

const parse = (source: string, set: Record<string, string> = {}): Blueprint =>
  parseBlueprint(source, { file: 'team.toml', folder: '/home', set })

const agent = (fields: string, name = 'a'): Agent => {
  const found = parse(`[agents.a]\n${fields}\n`).agents.find((each) => each.name === name)
  if (found === undefined) throw new Error('it is not there')
  return found
}

test('the simplest form works as it is', () => {
  const source = `
[agents.researcher]
command = "list 3 facts about Elixir"
provider = "claude"

[agents.writer]
command = "write a haiku about {{ researcher.result }}"
provider = "claude"
depends_on = ["researcher"]
`
  expect(parse(source)).toEqual({
    name: 'team',
    maxParallel: null,
    deadlineMs: null,
    maxCostUsd: null,
    maxTurns: null,
    maxTokens: null,
    agents: [
      {
        name: 'researcher',
        replica: null,
        team: null,
        mission: { command: 'list 3 facts about Elixir', provider: 'claude' },
        env: {},
        dependsOn: [],
        ready: null,
        alive: null,
      },
      {
        name: 'writer',
        replica: null,
        team: null,
        mission: { command: 'write a haiku about {{ researcher.result }}', provider: 'claude' },
        env: {},
        dependsOn: [{ agent: 'researcher', when: 'completed', onFailure: 'skip' }],
        ready: null,
        alive: null,
      },
    ],
  })
})

test('what all of it may use', () => {
  const source = `
name = "nightly"
max_parallel = 2
deadline = "1h30m"
max_cost = 4.5
max_turns = 100
max_tokens = 1_000_000
agents.a.command = "true"
`
  expect(parse(source)).toMatchObject({
    name: 'nightly',
    maxParallel: 2,
    deadlineMs: 5_400_000,
    maxCostUsd: 4.5,
    maxTurns: 100,
    maxTokens: 1_000_000,
  })
})

test.each([
  ['team.toml', 'team'],
  ['/x/My Team (2).toml', 'My-Team-2'],
  ['.toml', 'toml'],
  ['deadbeef.toml', 'blueprint-deadbeef'],
  ['watch.toml', 'blueprint-watch'],
  ['日本.toml', 'blueprint'],
  [`${'x'.repeat(80)}.toml`, 'x'.repeat(31)],
])('a blueprint in %s that does not say is called %s', (file, name) => {
  expect(parseBlueprint('agents.a.command = "true"', { file }).name).toBe(name)
})

describe('fields of an agent', () => {
  test('all fields of a mission can be given, each by its own name', () => {
    const { mission } = agent(`
command = ["claude", "-p", "hello"]
cwd = "web/../site"
type = "task"
provider = "claude"
model = "opus"
options = { permission_mode = "plan", settings = { some_key = 1 } }
max_cost = 0.5
max_turns = 3
max_tokens = 1000
on_limit = "exit"
ask_timeout = "2d"
on_ask_timeout = "stop"
restart = "always"
max_restarts = 0
max_seconds = "2m"
backoff = "500ms"
activity_timeout = 90
activity = "cpu"
timeout = 0.5
stop_signal = "SIGINT"
stop_timeout = 0
success_codes = [0, 3]
output_limit = "1M"
custody = "cgroup"
memory = "1.5G"
cpus = 1.5
pids = 100
on_parent_exit = "stop"
on_exit = "tell-parent"
priority = -3
colony = "blog"
labels = { tier = "web" }
terminal = { columns = 100, rows = 30 }
`)
    expect(mission).toEqual({
      command: ['claude', '-p', 'hello'],
      cwd: '/home/site',
      type: 'task',
      provider: 'claude',
      model: 'opus',
      options: { permissionMode: 'plan', settings: { some_key: 1 } },
      maxCostUsd: 0.5,
      maxTurns: 3,
      maxTokens: 1000,
      onLimit: 'exit',
      askTimeoutMs: 172_800_000,
      onAskTimeout: 'stop',
      restart: 'always',
      maxRestarts: 0,
      maxSeconds: 120,
      backoffMs: 500,
      activityTimeoutMs: 90_000,
      activity: 'cpu',
      timeoutMs: 500,
      stopSignal: 'SIGINT',
      stopTimeoutMs: 0,
      successCodes: [0, 3],
      outputLimitBytes: 2 ** 20,
      custody: 'cgroup',
      memoryBytes: 1.5 * 2 ** 30,
      cpus: 1.5,
      pids: 100,
      onParentExit: 'stop',
      onExit: 'tell-parent',
      priority: -3,
      colony: 'blog',
      labels: { tier: 'web' },
      terminal: { columns: 100, rows: 30 },
    })
  })

  test('no field of a mission has been forgotten', () => {
    const elsewhere = ['name', 'env', 'parent', 'command']
    expect(
      Object.values(missionFields)
        .map(({ to }) => to)
        .toSorted(),
    ).toEqual(
      Object.keys(missionInputShape)
        .filter((field) => !elsewhere.includes(field))
        .toSorted(),
    )
  })

  test('the folder of the file is not where it runs unless it says so', () => {
    expect(agent('command = "pwd"').mission).toEqual({ command: 'pwd' })
    expect(agent('command = "pwd"\ncwd = "."').mission.cwd).toBe('/home')
    expect(agent('command = "pwd"\ncwd = "/srv"').mission.cwd).toBe('/srv')
  })

  test('a session may do without a command', () => {
    expect(agent('type = "session"\nprovider = "claude"').mission).toEqual({
      type: 'session',
      provider: 'claude',
    })
  })

  test('retries are those of the mission', () => {
    expect(agent('command = "make"\nretries = 3').mission).toEqual({ command: 'make', retries: 3 })
    expect(agent('command = "make"\nretries = 3\nmax_seconds = 60').mission).toMatchObject({ maxSeconds: 60 })
  })

  test('an environment of texts, variables and files', () => {
    const fields = `command = "env"
env = { MODE = "fast", TOKEN = { from_env = "MY_TOKEN" }, KEY = { from_file = "key" }, constructor = "x" }`
    expect(agent(fields).env).toEqual({
      MODE: 'fast',
      TOKEN: { fromEnv: 'MY_TOKEN' },
      KEY: { fromFile: '/home/key' },
      constructor: 'x',
    })
  })

  test.each([
    [
      '{ exec = ["curl", "-f", "localhost"], interval = 2, timeout = "10s" }',
      { kind: 'exec', argv: ['curl', '-f', 'localhost'], every: { intervalMs: 2000, timeoutMs: 10_000 } },
    ],
    [
      '{ http = "http://localhost:3000/health" }',
      { kind: 'http', url: 'http://localhost:3000/health', every: { intervalMs: 1000, timeoutMs: 5000 } },
    ],
    ['{ output = "listening" }', { kind: 'output', text: 'listening' }],
  ])('ready = %s', (written, ready) => {
    expect(agent(`command = "serve"\nready = ${written}`).ready).toEqual(ready)
  })

  test.each([
    [
      '{ exec = ["pgrep", "serve"] }',
      {
        look: { kind: 'exec', argv: ['pgrep', 'serve'], every: { intervalMs: 10_000, timeoutMs: 5000 } },
        failures: 3,
      },
    ],
    [
      '{ http = "http://localhost/health", interval = "1m", timeout = 1, failures = 1 }',
      {
        look: {
          kind: 'http',
          url: 'http://localhost/health',
          every: { intervalMs: 60_000, timeoutMs: 1000 },
        },
        failures: 1,
      },
    ],
  ])('alive = %s', (written, alive) => {
    expect(agent(`command = "serve"\nalive = ${written}`).alive).toEqual(alive)
  })

  test('a dependency in full', () => {
    const source = `command = "serve"
[agents.b]
command = "test"
depends_on = [{ agent = "a", when = "ready", on_failure = "stop" }]`
    expect(parse(`[agents.a]\n${source}`).agents[1]?.dependsOn).toEqual([
      { agent: 'a', when: 'ready', onFailure: 'stop' },
    ])
  })
})

describe('defaults', () => {
  const withDefaults = (defaults: string, own: string): Agent['mission'] => {
    const [first] = parse(`[defaults]\n${defaults}\n[agents.a]\ncommand = "x"\n${own}`).agents
    if (first === undefined) throw new Error('it is not there')
    return first.mission
  }

  test('hold where an agent does not say, and options are merged', () => {
    const defaults = 'provider = "claude"\nmodel = "opus"\noptions = { permission_mode = "plan", tools = [] }'
    expect(withDefaults(defaults, 'model = "haiku"\noptions = { permission_mode = "auto" }')).toEqual({
      command: 'x',
      provider: 'claude',
      model: 'haiku',
      options: { permissionMode: 'auto', tools: [] },
    })
  })

  test('environments are merged', () => {
    const source = '[defaults.env]\nA = "1"\nB = "2"\n[agents.a]\ncommand = "x"\nenv.B = "3"'
    expect(parse(source).agents[0]?.env).toEqual({ A: '1', B: '3' })
  })

  test('a plain command has nothing that only agents have', () => {
    const defaults = 'provider = "claude"\nmodel = "opus"\nmax_cost = 1\ntimeout = 5'
    expect(withDefaults(defaults, 'provider = "raw"')).toEqual({
      command: 'x',
      provider: 'raw',
      timeoutMs: 5000,
    })
  })

  test('another provider has neither model nor options of the default one', () => {
    const defaults = 'provider = "claude"\nmodel = "opus"\nmax_cost = 1'
    expect(withDefaults(defaults, 'provider = "acp"')).toEqual({
      command: 'x',
      provider: 'acp',
      maxCostUsd: 1,
    })
  })

  test('retries and restart push each other out', () => {
    expect(withDefaults('retries = 3', 'restart = "always"')).toEqual({ command: 'x', restart: 'always' })
    expect(withDefaults('restart = "always"', 'retries = 0')).toEqual({ command: 'x', retries: 0 })
  })
})

describe('variables', () => {
  test('stand for text in every text', () => {
    const source = `
[vars]
topic = "Elixir"
count = 3
loud = true
[agents.a]
command = "list {{vars.count}} facts about {{  vars.topic  }} ({{ vars.loud }})"
cwd = "{{ vars.topic }}"
timeout = "{{ vars.count }}m"
success_codes = [0]
`
    expect(parse(source, { topic: 'Erlang' }).agents[0]?.mission).toEqual({
      command: 'list 3 facts about Erlang (true)',
      cwd: '/home/Erlang',
      timeoutMs: 180_000,
      successCodes: [0],
    })
  })

  test('what is in a value refers to nothing, whatever stands around it', () => {
    const source = `
[vars]
value = "x"
[agents.b]
command = "true"
[agents.a]
command = "{{{ vars.value }}{ b.result }} {{ vars.value }}"
depends_on = ["b"]
`
    expect(() => parse(source)).toThrow('is no reference')
    const sound = source.replace('{{{ vars.value }}', 'echo {{ vars.value }}')
    const command = parse(sound, { value: '{x{' }).agents[1]?.mission.command
    expect(command).toBe('echo {{ "{" }}x{{ "{" }}{ b.result }} {{ "{" }}x{{ "{" }}')
  })

  test('braces as they are', () => {
    const source = String.raw`agents.a.command = 'docker ps --format "{{ "{{" }}.Names}}"'`
    expect(parse(source).agents[0]?.mission.command).toBe(String.raw`docker ps --format "{{ "{{" }}.Names}}"`)
    const ready = String.raw`agents.a = { command = "x", ready = { output = '{{ "{{" }}x' } }`
    expect(parse(ready).agents[0]?.ready).toEqual({ kind: 'output', text: '{{x' })
  })
})

describe('a document', () => {
  const source = `
deadline = "{{ vars.limit }}"
[vars]
limit = "5m"
[agents.a]
command = "x"
cwd = "sub/{{ vars.limit }}"
env.KEY = { from_file = "../key" }
`
  test('has variables as they are set, absolute paths and a name', () => {
    expect(documentOf(source, { file: 'here/team.toml', folder: '/home', set: { limit: '6m' } })).toEqual({
      name: 'team',
      deadline: '{{ vars.limit }}',
      vars: { limit: '6m' },
      agents: { a: { command: 'x', cwd: '/home/here/sub/6m', env: { KEY: { from_file: '/home/key' } } } },
    })
  })

  test('is checked to the same blueprint elsewhere', () => {
    const options = { file: 'here/team.toml', folder: '/home', set: { limit: '6m' } }
    const sent: unknown = JSON.parse(JSON.stringify(documentOf(source, options)))
    expect(checkDocument(sent)).toEqual(parseBlueprint(source, options))
  })

  test('can be made by a program, and set', () => {
    const document = { vars: { x: 1 }, agents: { a: { command: 'echo {{ vars.x }}' } } }
    expect(checkDocument(document, { file: 'made.json', set: { x: '2' } })).toMatchObject({
      name: 'made',
      agents: [{ mission: { command: 'echo 2' } }],
    })
  })
})

describe('texts as editors save them', () => {
  test('a mark at the beginning and line ends of Windows', () => {
    expect(parse('\uFEFF[agents.a]\r\ncommand = "x"\r\n').agents[0]?.mission.command).toBe('x')
  })

  test('dotted keys, tables in any order, tables in braces over lines', () => {
    const source = `
agents.b.command = "b"
[agents.a.env]
X = "1"
[agents.a]
command = "a"
ready = {
  output = "up", # comment
}
`
    expect(parse(source).agents).toMatchObject([
      { name: 'b', mission: { command: 'b' } },
      { name: 'a', mission: { command: 'a' }, env: { X: '1' }, ready: { text: 'up' } },
    ])
  })
})

test('copies have their numbers, are kept alive, and are all waited for', () => {
  const { agents } = parse(`
[agents.web]
command = "serve"
replicas = 2
[agents.once]
command = "work"
replicas = 1
restart = "never"
[agents.none]
command = "rest"
replicas = 0
[agents.user]
command = "use"
depends_on = [{ agent = "web", when = "ready" }, "once", { agent = "none", when = "started" }]
`)
  const update = { maxUnavailable: 1, withinMs: 300_000, stayUpMs: 5000 }
  expect(agents.map(({ name, replica, mission: { restart } }) => ({ name, replica, restart }))).toEqual([
    { name: 'web-1', replica: { of: 'web', index: 1, update }, restart: 'always' },
    { name: 'web-2', replica: { of: 'web', index: 2, update }, restart: 'always' },
    { name: 'once-1', replica: { of: 'once', index: 1, update }, restart: 'never' },
    { name: 'user', replica: null, restart: undefined },
  ])
  expect(agents.at(-1)?.dependsOn).toEqual([
    { agent: 'web-1', when: 'ready', onFailure: 'skip' },
    { agent: 'web-2', when: 'ready', onFailure: 'skip' },
    { agent: 'once-1', when: 'completed', onFailure: 'skip' },
  ])
})
