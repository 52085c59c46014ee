import { describe, expect, test } from 'vitest'
import { choice, flag, list, value } from '../../src/command-line/flags.ts'
import { parse } from '../../src/command-line/parse.ts'
import { duration, text } from '../../src/command-line/values.ts'
import type { Words } from '../../src/command-line/words.ts'
import { CommandError, UsageError } from '../../src/failures.ts'

const flags = {
  name: value('name', 'A name', text, { short: 'n' }),
  env: list('K=V', 'A variable', text),
  timeout: value('s', 'A time', duration('s')),
  restart: choice(['never', 'on-failure'], 'When', {
    code: 'invalid_restart_policy',
    also: { on_failure: 'on-failure' },
  }),
  follow: flag('Follow', { short: 'f' }),
  json: flag('Print JSON'),
  help: flag('Help', { short: 'h' }),
}
const closed: Words = { usage: '<id>…', least: 1, most: 2, kind: 'mission' }
const open: Words = { usage: '<command>…', least: 0, most: Infinity, kind: 'other', open: true }

const none = {
  name: undefined,
  env: [],
  timeout: undefined,
  restart: undefined,
  follow: false,
  json: false,
  help: false,
}

describe('flags may stand anywhere among the words', () => {
  test.each<[string, string[], object, string[]]>([
    ['before', ['--name', 'x', 'a'], { name: 'x' }, ['a']],
    ['behind', ['a', '--name=x', 'b'], { name: 'x' }, ['a', 'b']],
    ['short', ['-fn', 'x', 'a'], { follow: true, name: 'x' }, ['a']],
    [
      'with an equals sign in the value',
      ['a', '--env', 'K=V=W', '--env=A='],
      { env: ['K=V=W', 'A='] },
      ['a'],
    ],
    ['twice, the last one counts', ['a', '--name', 'x', '--name', 'y'], { name: 'y' }, ['a']],
    ['read', ['a', '--timeout', '5m'], { timeout: 300_000 }, ['a']],
    ['a choice under its other name', ['a', '--restart', 'on_failure'], { restart: 'on-failure' }, ['a']],
    ['words that look like numbers', ['007', '1e5'], {}, ['007', '1e5']],
    [
      'words that look like values of a switch',
      ['--json', 'true', '--follow', 'false'],
      { json: true, follow: true },
      ['true', 'false'],
    ],
    ['an empty word', ['', 'b'], {}, ['', 'b']],
    ['a dash alone', ['-'], {}, ['-']],
    ['what looks like a flag behind --', ['--json', '--', '--name', '-5'], { json: true }, ['--name', '-5']],
  ])('%s', (_, args, given, words) => {
    expect(parse(args, flags, closed)).toEqual({ words, flags: { ...none, ...given }, behind: [] })
  })
})

describe('from its first word on, all belongs to the command that is run', () => {
  test.each<[string, string[], object, string[]]>([
    ['flags of the command', ['--name', 'x', 'ls', '-l', '--json'], { name: 'x' }, ['ls', '-l', '--json']],
    ['its own --', ['grep', '--', '-x'], {}, ['grep', '--', '-x']],
    ['behind --', ['--json', '--', '-x', '--', 'y'], { json: true }, ['-x', '--', 'y']],
    ['a command named true', ['--json', 'true'], { json: true }, ['true']],
    ['an empty command', ['--json', ''], { json: true }, ['']],
    ['its own --help', ['node', '--help'], {}, ['node', '--help']],
    ['nothing', [], {}, []],
  ])('%s', (_, args, given, words) => {
    expect(parse(args, flags, open)).toEqual({ words, flags: { ...none, ...given }, behind: [] })
  })
})

test.each([
  [['--help'], closed],
  [['a', '-h'], closed],
  [['-h', '--timeout', 'x'], closed],
  [['--name', 'x', '--help', 'ls'], open],
])('%j asks for help', (args, words) => {
  expect(parse(args, flags, words)).toBe('help')
})

describe('what is wrong is named', () => {
  test.each<[string[], string]>([
    [[], '<id>… is missing'],
    [['a', 'b', 'c'], 'there is no place for "c"'],
    [['a', '--nmae', 'x'], 'unknown flag --nmae; did you mean --name?'],
    [['a', '--model', 'x'], 'unknown flag --model'],
    [['a', '-x'], 'unknown flag -x'],
    [['a', '-5'], 'unknown flag -5'],
    [['a', '--no-json'], 'unknown flag --no-json'],
    [['a', '--__proto__', 'x'], 'unknown flag'],
    [['a', '--name'], '--name needs a value'],
    [['a', '--name', '--json'], '--name needs a value'],
    [['a', '--name='], '--name needs a value'],
    [['a', '--json=no'], 'json'],
    [
      ['a', '--timeout', 'x'],
      '--timeout must be a number of seconds, or a time such as 30s, 5m or 1h30m: got "x"',
    ],
    [['a', '--timeout', '-1'], '--timeout must be'],
    [['a', '--timeout', '1', '--timeout', 'x'], '--timeout must be'],
  ])('%j', (args, message) => {
    expect(() => parse(args, flags, closed)).toThrow(UsageError)
    expect(() => parse(args, flags, closed)).toThrow(message)
  })

  test('a flag of run that stands where the command should', () => {
    expect(() => parse(['-5', 'x'], flags, open)).toThrow('unknown flag -5')
    expect(() => parse(['--nope', 'x'], flags, open)).toThrow('unknown flag --nope')
  })

  test('a mistake that scripts know by its code is no usage error', () => {
    const call = (): unknown => parse(['a', '--restart', 'x'], flags, closed)
    expect(call).toThrow(CommandError)
    expect(call).not.toThrow(UsageError)
    expect(call).toThrow(expect.objectContaining({ code: 'invalid_restart_policy' }))
  })
})
