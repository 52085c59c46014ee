import { describe, expect, test } from 'vitest'
import {
  type Blueprint,
  BlueprintError,
  documentOf,
  parseBlueprint,
  type SourceOptions,
} from '../../src/index.ts'

const options = (files: Record<string, string>, file: string): SourceOptions => ({
  file,
  folder: '/home',
  read: (path) => {
    const text = files[path]
    if (text === undefined) throw new Error(`ENOENT: no such file or directory, open '${path}'`)
    return text
  },
})

const parse = (files: Record<string, string>, file = 'main.toml'): Blueprint =>
  parseBlueprint(files[file] ?? '', options(files, file))

const problems = (files: Record<string, string>, file = 'main.toml'): readonly string[] =>
  problemsOf(files[file] ?? '', options(files, file))

function problemsOf(source: string, options: SourceOptions): readonly string[] {
  try {
    parseBlueprint(source, options)
  } catch (error) {
    if (!(error instanceof BlueprintError)) throw error
    return error.problems.map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`)
  }
  throw new Error('it was accepted')
}

const agent = (name: string, rest = ''): string => `[agents.${name}]\ncommand = "true"\n${rest}\n`

describe('a file that is included', () => {
  test('comes first, and the including one wins', () => {
    const { agents } = parse({
      'main.toml': `include = ["lib/one.toml", "lib/two.toml"]
[vars]
who = "main"
[defaults]
retries = 2
env = { B = "main" }
[agents.main]
command = "echo {{ vars.who }} {{ vars.what }}"`,
      'lib/one.toml': `[vars]
who = "one"
what = "one"
[defaults]
timeout = 5
restart = "always"
env = { A = "one", B = "one" }
${agent('one')}`,
      'lib/two.toml': `include = ["deep/three.toml"]\n[vars]\nwhat = "two"\n${agent('two', 'cwd = "x"')}`,
      'lib/deep/three.toml': agent('three', 'cwd = "x"\nenv.KEY = { from_file = "/key" }'),
    })
    expect(agents.map(({ name }) => name)).toEqual(['one', 'three', 'two', 'main'])
    expect(agents.map(({ mission }) => mission.cwd)).toEqual([
      undefined,
      '/home/lib/deep/x',
      '/home/lib/x',
      undefined,
    ])
    expect(agents[1]?.env).toEqual({ A: 'one', B: 'main', KEY: { fromFile: '/key' } })
    expect(agents[3]?.mission).toEqual({
      command: 'echo main two',
      timeoutMs: 5000,
      retries: 2,
    })
  })

  test('twice counts once', () => {
    const files = {
      'main.toml': `include = ["a.toml", "b.toml", "./a.toml", "/home/a.toml"]\n${agent('main')}`,
      'a.toml': `include = ["c.toml"]\n${agent('a')}`,
      'b.toml': `include = ["c.toml"]\n${agent('b')}`,
      'c.toml': agent('c'),
    }
    expect(parse(files).agents.map(({ name }) => name)).toEqual(['c', 'a', 'b', 'main'])
  })

  test('leaves nothing of itself in the document', () => {
    const files = { 'main.toml': 'include = ["a.toml"]', 'a.toml': agent('a') }
    expect(documentOf(files['main.toml'], options(files, 'main.toml'))).toEqual({
      name: 'main',
      agents: { a: { command: 'true' } },
    })
  })
})

describe('mistakes', () => {
  test('the same agent in two files is told with both places', () => {
    const files = {
      'main.toml': `include = ["lib/a.toml"]\n${agent('x')}`,
      'lib/a.toml': `\n  ${agent('x')}`,
    }
    expect(problems(files)).toEqual([
      'main.toml:2:9 agents.x: defined twice: lib/a.toml:2:11 and main.toml:2:9',
    ])
  })

  test('a circle of files is named in full', () => {
    const files = {
      'main.toml': 'include = ["lib/a.toml"]',
      'lib/a.toml': 'include = ["b.toml"]',
      'lib/b.toml': 'include = ["a.toml", "../main.toml"]',
    }
    expect(problems(files)).toEqual([
      'lib/b.toml:1:12 include.0: files include each other: lib/a.toml → lib/b.toml → lib/a.toml',
      'lib/b.toml:1:22 include.1: files include each other: main.toml → lib/a.toml → lib/b.toml → main.toml',
    ])
    expect(problems({ 'main.toml': 'include = ["/home/main.toml"]' })).toEqual([
      'main.toml:1:12 include.0: files include each other: main.toml → /home/main.toml',
    ])
  })

  test('files without end are too many: a folder that leads to itself has one under ever more names', () => {
    const source = 'include = ["a/main.toml", "b/main.toml"]'
    const options = { file: 'main.toml', folder: '/home', read: () => source }
    const deepest = `${'a/'.repeat(255)}main.toml`
    expect(problemsOf(source, options)).toContain(
      `${deepest}:1:12 include.0: a blueprint is of 256 files at most`,
    )
  })

  test('there may be no more text than memory, in however many files', () => {
    const half = `# ${'x'.repeat(512 * 1024)}\n`
    const rule = 'a blueprint has 1 MiB of text at most'
    expect(problems({ 'main.toml': half.repeat(2) })).toEqual([`main.toml:1:1 ${rule}`])
    expect(problems({ 'main.toml': `include = ["half.toml"]\n${half}`, 'half.toml': half })).toEqual([
      `half.toml:1:1 ${rule}`,
    ])
  })

  test('what cannot be read or is no TOML is told for all files', () => {
    const files = {
      'main.toml': 'include = ["gone\\u001b.toml", "bad.toml", 5, "worse.toml"]\nx = 1',
      'bad.toml': '\nx = ',
      'worse.toml': '[',
    }
    expect(problems(files)).toEqual([
      "main.toml:1:12 include.0: cannot be read: ENOENT: no such file or directory, open 'gone\\u001b.toml'",
      'main.toml:1:43 include.2 must be the path of a file',
      'bad.toml:2:4 a value is missing here',
      'worse.toml:1:2 a closing bracket is missing here',
    ])
  })

  test('of included files are told beside those of the file', () => {
    const files = {
      'main.toml': `include = ["a.toml"]\n${agent('main', 'depends_on = ["aa"]\nzzz = 1')}`,
      'a.toml': `name = "x"\nvars = 5\nmax_cost = 1\ndefault = {}\n${agent('a', 'depends_on = ["main"]\ntimeout = "x"')}`,
    }
    expect(problems(files)).toEqual([
      'main.toml:4:15 agents.main.depends_on.0: there is no agent aa',
      'main.toml:5:1 agents.main.zzz: no such field',
      'a.toml:1:1 name: a file that is included has vars, defaults, teams and agents alone',
      'a.toml:2:8 vars must be a table',
      'a.toml:3:1 max_cost: a file that is included has vars, defaults, teams and agents alone',
      'a.toml:4:1 default: a file that is included has vars, defaults, teams and agents alone',
      'a.toml:8:11 agents.a.timeout must be a number of seconds, or a time such as "90s", "10m" or "1h30m": got "x"',
    ])
  })

  test('a list of files is a list, and needs somebody to read them', () => {
    expect(problems({ 'main.toml': `include = "a.toml"\n${agent('a')}` })).toEqual([
      'main.toml:1:11 include must be a list of files',
    ])
    expect(() => parseBlueprint('include = ["a.toml"]', { file: 'x.toml' })).toThrow(
      'x.toml:1:12: include.0: files cannot be included here',
    )
  })

  test('keep a document from being made', () => {
    const files = { 'main.toml': `include = ["a.toml"]\n${agent('a')}`, 'a.toml': agent('a') }
    expect(() => documentOf(files['main.toml'], options(files, 'main.toml'))).toThrow('defined twice')
    expect(() => documentOf(agent('a'), { file: 'a.toml', set: { x: '1' } })).toThrow('no such variable')
  })
})
