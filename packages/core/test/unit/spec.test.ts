import { describe, expect, test } from 'vitest'
import { OvermindError } from '../../src/index.ts'
import { parseMission } from '../../src/model/spec.ts'

const caller = { cwd: '/here', env: { PATH: '/bin', GONE: undefined } }
const parse = (input: unknown): ReturnType<typeof parseMission> => parseMission(input, caller)

function failureOf(input: unknown): OvermindError {
  try {
    parse(input)
  } catch (error) {
    if (error instanceof OvermindError) return error
    throw error
  }
  throw new Error('it was accepted')
}

test('a command alone is a whole mission', () => {
  expect(parse({ command: 'ls | wc' })).toEqual({
    name: undefined,
    parent: undefined,
    inherited: { priority: undefined, colony: undefined },
    env: { PATH: '/bin' },
    spec: {
      command: { kind: 'shell', line: 'ls | wc' },
      cwd: '/here',
      type: 'task',
      provider: 'raw',
      model: null,
      options: {},
      maxCostUsd: null,
      maxTurns: null,
      maxTokens: null,
      onLimit: 'wait',
      askTimeoutMs: null,
      onAskTimeout: 'deny',
      restart: 'never',
      maxRestarts: 5,
      maxSeconds: 60,
      backoffMs: 1000,
      activityTimeoutMs: null,
      activity: 'output',
      timeoutMs: null,
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 10_000,
      successCodes: [0],
      outputLimitBytes: 256 * 2 ** 20,
      custody: 'marks',
      memoryBytes: null,
      cpus: null,
      pids: null,
      onParentExit: 'keep',
      onExit: 'nothing',
      labels: {},
      terminal: null,
    },
  })
})

test.each([
  [{ retries: 3 }, { restart: 'on-failure', maxRestarts: 3, maxSeconds: 31_536_000 }],
  [
    { retries: 3, maxSeconds: 60 },
    { restart: 'on-failure', maxRestarts: 3, maxSeconds: 60 },
  ],
  [{ retries: 0 }, { restart: 'never' }],
] as const)('%j is how it is started again', (input, restarts) => {
  expect(parse({ command: 'x', ...input }).spec).toMatchObject(restarts)
})

test('a terminal has 80 columns and 24 rows where it does not say', () => {
  expect(parse({ command: 'vi', terminal: {} }).spec.terminal).toEqual({ columns: 80, rows: 24 })
  expect(parse({ command: 'vi', terminal: { rows: 50 } }).spec.terminal).toEqual({ columns: 80, rows: 50 })
})

test.each([
  [{ columns: 0 }, 'terminal.columns must be at least 1'],
  [{ rows: 1001 }, 'terminal.rows must be at most 1000'],
  [{ rows: 1.5 }, 'terminal.rows must be a whole number of cells'],
  [{ lines: 5 }, 'lines: no such field'],
  [true, 'terminal must be an object of columns and rows'],
])('a terminal of %j is none', (given, message) => {
  expect(failureOf({ command: 'vi', terminal: given })).toMatchObject({
    code: 'invalid_spec',
    message: expect.stringContaining(message),
  })
})

test('every field is taken as given', () => {
  const given = {
    cwd: '/there',
    type: 'task',
    provider: 'other',
    model: 'large',
    options: { mode: 'plan', deep: { list: [1, null] } },
    maxCostUsd: 0.5,
    maxTurns: 3,
    maxTokens: 1000,
    onLimit: 'exit',
    askTimeoutMs: 1,
    onAskTimeout: 'stop',
    restart: 'always',
    maxRestarts: 0,
    maxSeconds: 0.5,
    backoffMs: 0,
    activityTimeoutMs: 1,
    activity: 'cpu',
    timeoutMs: 365 * 24 * 3600 * 1000,
    stopSignal: 'SIGINT',
    stopTimeoutMs: 0,
    successCodes: [0, 255],
    outputLimitBytes: 2 ** 20,
    custody: 'cgroup',
    memoryBytes: 2 ** 20,
    cpus: 0.01,
    pids: 1,
    onParentExit: 'stop',
    onExit: 'tell-parent',
    labels: { 'team/a_b.c-d': 'red', empty: '' },
    terminal: { columns: 100, rows: 40 },
  }
  const { name, env, spec } = parse({ command: ['a', '', 'b c'], name: 'web', env: { A: '' }, ...given })
  expect({ name, env, spec }).toEqual({
    name: 'web',
    env: { A: '' },
    spec: { ...given, command: { kind: 'exec', argv: ['a', '', 'b c'] } },
  })
})

test('a session needs no command', () => {
  expect(parse({ type: 'session' }).spec).toMatchObject({
    type: 'session',
    command: { kind: 'shell', line: '' },
  })
})

test('undefined is as good as absent', () => {
  expect(
    parse({ command: 'x', name: undefined, cwd: undefined, env: undefined, timeoutMs: undefined }),
  ).toEqual(parse({ command: 'x' }))
})

test('a limit needs a control group, and gets one unless another custody was asked for', () => {
  const custodyOf = (given: object): string => parse({ command: 'x', ...given }).spec.custody
  expect(custodyOf({ custody: 'cgroup' })).toBe('cgroup')
  for (const limit of [{ memoryBytes: 2 ** 30 }, { cpus: 2 }, { pids: 9 }]) {
    expect(custodyOf(limit)).toBe('cgroup')
    expect(failureOf({ command: 'x', custody: 'marks', ...limit })).toMatchObject({
      code: 'invalid_spec',
      field: 'custody',
    })
  }
})

describe('a bad description names its field, its rule and the value', () => {
  const bad: readonly (readonly [unknown, string, string, RegExp])[] = [
    [undefined, 'invalid_spec', '', /^a mission must be an object/],
    [null, 'invalid_spec', '', /^a mission must be an object/],
    ['ls', 'invalid_spec', '', /^a mission must be an object/],
    [[], 'invalid_spec', '', /^a mission must be an object/],
    [{}, 'empty_command', 'command', /^command must not be empty/],
    [{ command: '' }, 'empty_command', 'command', /^command must not be empty/],
    [{ command: ' \n\t' }, 'empty_command', 'command', /^command must not be empty/],
    [{ command: [] }, 'empty_command', 'command', /^command must name a program/],
    [{ command: ['', 'x'] }, 'empty_command', 'command', /^command must name a program/],
    [{ command: 5 }, 'invalid_spec', 'command', /^command must be a command line or a list .*: got 5$/],
    [{ command: ['ls', 5] }, 'invalid_spec', 'command', /must be .*got \["ls",5\]$/],
    [{ command: 'a\0b' }, 'invalid_spec', 'command', /NUL/],
    [{ command: ['ls', 'a\0b'] }, 'invalid_spec', 'command.1', /^command\.1 .*NUL/],
    [{ command: 'x'.repeat(131_072) }, 'command_too_long', 'command', /131071 bytes long: got "x{76}…$/],
    [{ command: ['ls', 'ü'.repeat(65_536)] }, 'command_too_long', 'command.1', /131071 bytes/],
    [{ command: 'x', name: '' }, 'invalid_spec', 'name', /^name must be 1 to 63 .*: got ""$/],
    [{ command: 'x', name: 'deadbeef' }, 'invalid_spec', 'name', /8 hexadecimal digits/],
    [{ command: 'x', name: 7 }, 'invalid_spec', 'name', /^name must be text: got 7$/],
    [{ command: 'x', cwd: 'here' }, 'invalid_spec', 'cwd', /^cwd must be an absolute path: got "here"$/],
    [{ command: 'x', cwd: '/a\0' }, 'invalid_spec', 'cwd', /NUL/],
    [{ command: 'x', env: 'PATH=/bin' }, 'invalid_spec', 'env', /^env must be an object of texts$/],
    [{ command: 'x', env: { SECRET: 5 } }, 'invalid_spec', 'env.SECRET', /^env\.SECRET must be text$/],
    [{ command: 'x', env: { 'A=B': '' } }, 'invalid_spec', 'env.A=B', /without "="/],
    [{ command: 'x', env: { '': 'v' } }, 'invalid_spec', 'env.', /^env: a variable has a name/],
    [{ command: 'x', env: { SECRET: 'a\0b' } }, 'invalid_spec', 'env.SECRET', /no NUL character/],
    [
      { command: 'x', env: { BIG: 'x'.repeat(131_072) } },
      'environment_too_large',
      'env.BIG',
      /BIG exceeds that$/,
    ],
    [
      {
        command: 'x',
        env: Object.fromEntries(
          Array.from({ length: 16 }, (_, index) => [`BIG${index}`, 'x'.repeat(100_000)]),
        ),
      },
      'environment_too_large',
      'env.BIG14',
      /all together 1500000/,
    ],
    [
      { command: 'x', type: 'pod' },
      'invalid_spec',
      'type',
      /^type must be one of task, session, blueprint, ritual: got "pod"$/,
    ],
    [
      { type: 'session', terminal: {} },
      'invalid_spec',
      'terminal',
      /^terminal: a session takes messages, and no keys/,
    ],
    [{ type: 'task' }, 'empty_command', 'command', /^command must not be empty/],
    [{ command: 'x', model: '' }, 'invalid_spec', 'model', /must not be empty/],
    [{ command: 'x', options: [] }, 'invalid_spec', 'options', /must be an object of options/],
    [{ command: 'x', options: { f: () => 1 } }, 'invalid_spec', 'options', /must be JSON/],
    [{ command: 'x', maxCostUsd: 0 }, 'invalid_spec', 'maxCostUsd', /more than 0 US dollars: got 0$/],
    [{ command: 'x', maxTurns: 0.5 }, 'invalid_spec', 'maxTurns', /whole number of turns: got 0.5$/],
    [{ command: 'x', maxTokens: 0 }, 'invalid_spec', 'maxTokens', /at least 1: got 0$/],
    [{ command: 'x', onLimit: 'retry' }, 'invalid_spec', 'onLimit', /one of wait, exit: got "retry"$/],
    [{ command: 'x', askTimeoutMs: 0 }, 'invalid_spec', 'askTimeoutMs', /at least 1 milliseconds/],
    [{ command: 'x', onAskTimeout: 'allow' }, 'invalid_spec', 'onAskTimeout', /one of deny, stop/],
    [{ command: 'x', retries: -1 }, 'invalid_spec', 'retries', /at least 0: got -1$/],
    [{ command: 'x', retries: 1, restart: 'always' }, 'invalid_spec', 'retries', /^retries: leave out/],
    [{ command: 'x', retries: 1, maxRestarts: 1 }, 'invalid_spec', 'retries', /^retries: leave out/],
    [{ command: 'x', priority: 1.5 }, 'invalid_spec', 'priority', /whole number: got 1.5$/],
    [{ command: 'x', priority: 1001 }, 'invalid_spec', 'priority', /at most 1000: got 1001$/],
    [{ command: 'x', colony: 'a b' }, 'invalid_spec', 'colony', /^colony must be .*: got "a b"$/],
    [{ command: 'x', provider: '' }, 'invalid_spec', 'provider', /must not be empty/],
    [
      { command: 'x', restart: 'sometimes' },
      'invalid_restart_policy',
      'restart',
      /^restart must be one of never, on-failure, always: got "sometimes"$/,
    ],
    [{ command: 'x', restart: 1 }, 'invalid_restart_policy', 'restart', /got 1$/],
    [
      { command: 'x', maxRestarts: -1 },
      'invalid_spec',
      'maxRestarts',
      /at least 0 \(0 is unlimited\): got -1$/,
    ],
    [{ command: 'x', maxRestarts: 1.5 }, 'invalid_spec', 'maxRestarts', /whole number: got 1\.5$/],
    [{ command: 'x', maxSeconds: 0 }, 'invalid_spec', 'maxSeconds', /more than 0: got 0$/],
    [
      { command: 'x', maxSeconds: Infinity },
      'invalid_spec',
      'maxSeconds',
      /^maxSeconds must be a number of seconds/,
    ],
    [{ command: 'x', backoffMs: -1 }, 'invalid_spec', 'backoffMs', /at least 0 milliseconds: got -1$/],
    [
      { command: 'x', backoffMs: '1s' },
      'invalid_spec',
      'backoffMs',
      /must be a number of milliseconds: got "1s"$/,
    ],
    [
      { command: 'x', activityTimeoutMs: 0 },
      'invalid_spec',
      'activityTimeoutMs',
      /at least 1 milliseconds: got 0$/,
    ],
    [
      { command: 'x', timeoutMs: 0.5 },
      'invalid_spec',
      'timeoutMs',
      /whole number of milliseconds: got 0\.5$/,
    ],
    [{ command: 'x', timeoutMs: 1e12 }, 'invalid_spec', 'timeoutMs', /at most a year: got 1000000000000$/],
    [
      { command: 'x', stopTimeoutMs: NaN },
      'invalid_spec',
      'stopTimeoutMs',
      /^stopTimeoutMs must be a number/,
    ],
    [
      { command: 'x', stopSignal: 'TERM' },
      'invalid_spec',
      'stopSignal',
      /a signal such as SIGTERM or SIGINT: got "TERM"$/,
    ],
    [{ command: 'x', stopSignal: 'toString' }, 'invalid_spec', 'stopSignal', /a signal such as/],
    [
      { command: 'x', successCodes: 0 },
      'invalid_spec',
      'successCodes',
      /^successCodes must be a list of exit codes: got 0$/,
    ],
    [{ command: 'x', successCodes: [0, 256] }, 'invalid_spec', 'successCodes.1', /at most 255: got 256$/],
    [
      { command: 'x', outputLimitBytes: 1000 },
      'invalid_spec',
      'outputLimitBytes',
      /at least 1048576 bytes: got 1000$/,
    ],
    [{ command: 'x', labels: { 'a b': 'c' } }, 'invalid_spec', 'labels', /names of letters, digits and/],
    [{ command: 'x', labels: { a: 1 } }, 'invalid_spec', 'labels.a', /must be text: got 1$/],
    [{ command: 'x', labels: { a: 'b\nc' } }, 'invalid_spec', 'labels.a', /one line/],
    [{ command: 'x', labels: { a: 'x'.repeat(256) } }, 'invalid_spec', 'labels.a', /at most 255/],
    [
      { command: 'x', onExit: 'shout' },
      'invalid_spec',
      'onExit',
      /one of nothing, tell-parent: got "shout"$/,
    ],
    [{ command: 'x', labels: ['a'] }, 'invalid_spec', 'labels', /names and values/],
    [{ command: 'x', activity: 'io' }, 'invalid_spec', 'activity', /one of output, cpu: got "io"$/],
    [{ command: 'x', custody: 'chains' }, 'invalid_spec', 'custody', /one of marks, cgroup: got "chains"$/],
    [{ command: 'x', memoryBytes: 512 }, 'invalid_spec', 'memoryBytes', /at least 1048576 bytes: got 512$/],
    [{ command: 'x', cpus: 0 }, 'invalid_spec', 'cpus', /at least 0.01: got 0$/],
    [{ command: 'x', pids: 0.5 }, 'invalid_spec', 'pids', /a whole number of processes: got 0.5$/],
    [{ command: 'x', comand: 'y' }, 'invalid_spec', 'comand', /^comand: no such field$/],
  ]
  test.each(bad.map(([input, ...rest]) => [shown(input), input, ...rest] as const))(
    '%s',
    (_, input, code, field, message) => {
      const error = failureOf(input)
      expect({ code: error.code, field: error.field }).toEqual({ code, field })
      expect(error.message).toMatch(message)
      expect(error.message.length).toBeLessThan(400)
    },
  )

  test.each([
    { command: 'x', env: { TOKEN: 'hush-hush', OTHER: 5 } },
    { command: 'x', env: { TOKEN: 'hush-hush\0' } },
    { command: 'x', env: { TOKEN: `hush-hush${'x'.repeat(200_000)}` } },
    { command: 'x', env: ['TOKEN=hush-hush'] },
    { command: 'x', env: 'TOKEN=hush-hush' },
    [{ command: 'x', env: { TOKEN: 'hush-hush' } }],
  ])('and never a part of an environment: case %#', (input) => {
    const error = failureOf(input)
    expect(`${error.message} ${JSON.stringify(error.value)} ${String(error.cause)}`).not.toContain(
      'hush-hush',
    )
  })
})

function shown(input: unknown): string {
  const text = JSON.stringify(input) ?? 'undefined'
  return text.length < 60 ? text : `${text.slice(0, 60)}…`
}
