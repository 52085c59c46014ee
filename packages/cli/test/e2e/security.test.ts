/** The built command, used by somebody whose missions, folders and neighbours are hostile. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { chmod, chown, mkdir, rename, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { createClient } from '@overmind/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { standIn } from '../../../claude/test/support/stand-in-program.ts'
import { eventually } from '../../../core/test/support/eventually.ts'
import { type Person, person } from '../../../core/test/support/person.ts'
import { type Overmind, overmind } from './overmind.ts'

const launcher = fileURLToPath(new URL('../../bin/overmind.cjs', import.meta.url))
const isRoot = process.getuid?.() === 0
const NOBODY = 65_534

let om: Overmind
beforeAll(async () => {
  om = await overmind()
})
afterAll(() => om[Symbol.asyncDispose]())

function sitsAt(args: readonly string[], home = om.home): Person {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(?:OVERMIND_|VITEST|NODE_OPTIONS$)/.test(name),
  )
  const env = { ...Object.fromEntries(inherited), OVERMIND_HOME: home }
  return person([process.execPath, launcher, ...args], { cwd: om.folder, env, columns: 400 })
}

/** Sets the clipboard and the title, asks the terminal, in seven and eight bits; turns text around and hides some. */
const HOSTILE =
  '\x1b]52;c;aGFjaw==\x07\x1b]0;title\x07\x1bP+q\x1b\\\x1b[6n\x1b[200~\x9b2J\x9d0;t\x9c\u202e\u061c\u2066x\u200b\u{e0041}\x1b[2J\r'

describe('on a terminal, what is not ours is shown and not obeyed', () => {
  /** All that a command writes to a terminal. */
  async function shown(args: readonly string[]): Promise<string> {
    await using ann = sitsAt(args)
    await ann.ended
    return ann.seen
  }

  /** What is left of it that a terminal would obey, apart from colours and the ends of lines. */
  function obeyed(text: string): readonly string[] {
    // oxlint-disable-next-line no-control-regex -- these are what it is about
    const plain = text.replaceAll(/\x1b\[[0-9;]*m|\r+\n/g, '\n')
    return plain.match(/[[\p{Cc}--[\t\n]]\p{Bidi_Control}\u200b\u{e0000}-\u{e007f}]/gv) ?? []
  }

  let folder = ''
  const hooks = `[[hooks]]\nname = "h"\nevents = ["mission.exited"]\ncommand = ["sh", "-c", 'printf "\\033]0;t\\007" >&2; exit 1']\nretries = 0\n`
  beforeAll(async () => {
    folder = join(om.folder, `folder${HOSTILE}`)
    await mkdir(folder)
    await om.ok('start')
    await writeFile(join(om.home, 'config.toml'), hooks, { mode: 0o600 })
    await om.ok('reload')
    const says = `printf '%s\\n' '${HOSTILE}'; printf '\\233\\061\\155'; exit 3`
    await om.ok('run', '--name', 'hostile', '--cwd', folder, '--label', 'x=\u202ey', says)
    await om('wait', 'hostile')
    await om('hooks', 'test', 'h')
    await writeFile(
      join(om.folder, 'good.toml'),
      `[agents.a]\ncommand = ${JSON.stringify(`echo ${HOSTILE}`)}\n`,
    )
    const bad = `include = [${JSON.stringify(`none${HOSTILE}`)}]\n[agents.${JSON.stringify(HOSTILE)}]\n${JSON.stringify(`k${HOSTILE}`)} = 1\n`
    await writeFile(join(om.folder, 'bad.toml'), bad)
    await writeFile(join(om.folder, 'worse.toml'), `[agents.a]\ncommand = "${HOSTILE}"\n`)
    await writeFile(join(om.folder, `good${HOSTILE}.toml`), '[agents.a]\ncommand = "true"\n')
  })

  test.each(
    [
      ['ps', '-a'],
      ['ps', '-a', '--json'],
      ['ps', '--filter', `label=${HOSTILE}`],
      ['ps', '--filter', HOSTILE],
      ['describe', 'hostile'],
      ['describe', '--json', 'hostile'],
      ['info', 'hostile'],
      ['events', 'hostile'],
      ['events', '--json', 'hostile'],
      ['logs', 'hostile'],
      ['logs', '--json', 'hostile'],
      ['logs', '-t', '-n', '5', 'hostile'],
      ['runs', 'hostile'],
      ['wait', 'hostile'],
      ['restart', HOSTILE],
      ['result', 'hostile'],
      ['send', 'hostile', HOSTILE],
      ['run', '--name', HOSTILE, 'true'],
      ['run', '--cwd', `/none${HOSTILE}`, 'true'],
      [HOSTILE],
      ['ps', `--${HOSTILE}`],
      ['attach', '--read-only', HOSTILE],
      ['hooks'],
      ['hooks', 'dead'],
      ['hooks', 'test', 'h'],
      ['hooks', HOSTILE],
      ['validate', 'bad.toml'],
      ['validate', 'worse.toml'],
      ['validate', 'good.toml'],
      ['validate', `good${HOSTILE}.toml`],
      ['validate', `none${HOSTILE}`],
      ['graph', `good${HOSTILE}.toml`],
      ['diff', 'good.toml'],
      ['apply', 'bad.toml'],
      ['doctor'],
      ['status'],
      ['queue'],
      ['inbox'],
    ].map((args) => [args.join(' ').replaceAll(HOSTILE, '…'), args] as const),
  )('overmind %s', async (_, args) => {
    const text = await shown(args)
    expect(text.trim()).not.toBe('')
    expect(obeyed(text)).toEqual([])
  })

  test.each(['top', 'monitor'])('overmind %s, which moves the cursor itself', async (name) => {
    await om('run', '--name', `live-${name}`, '--cwd', folder, `: '${HOSTILE}'; exec sleep 1000`)
    await using ann = sitsAt([name])
    await ann.shows(`live-${name}`)
    // oxlint-disable-next-line no-control-regex -- these are what it is about
    expect(obeyed(ann.seen.replaceAll(/\x1b\[[?0-9;]*[a-zA-Z]/g, ''))).toEqual([])
    await om('kill', `live-${name}`)
  })

  test('JSON says the same as before', async () => {
    expect(await om.json('info', 'hostile')).toMatchObject({ cwd: folder })
  })
})

test('nothing in the folder that a command is called in is run or read by itself', async () => {
  const traps = join(om.folder, 'repository')
  const trap = (name: string): Promise<void> =>
    writeFile(join(traps, name), `#!/bin/sh\ntouch '${join(om.folder, 'sprung')}'\n`, { mode: 0o755 })
  const toml = `[[hooks]]\nname = "trap"\nevents = ["*"]\ncommand = ["${join(traps, 'sh')}"]\n`
  for (const each of ['.', '.overmind', 'node_modules/@overmind/daemon', 'node_modules/.bin'])
    await mkdir(join(traps, each), { recursive: true })
  for (const name of 'sh env node setsid fallocate claude ps mkfifo cat true'.split(' ')) await trap(name)
  await trap('node_modules/.bin/overmind')
  await writeFile(join(traps, 'package.json'), '{"main":"trap.js","imports":{"#x":"./trap.js"}}')
  const js = `require('fs').writeFileSync(${JSON.stringify(join(om.folder, 'sprung'))}, '')`
  for (const name of ['trap.js', 'node_modules/@overmind/daemon/index.js'])
    await writeFile(join(traps, name), js)
  for (const name of ['config.toml', '.overmind/config.toml', 'overmind.toml', 'blueprint.toml'])
    await writeFile(join(traps, name), toml)
  await writeFile(join(traps, '.env'), 'NODE_OPTIONS=--require=./trap.js\nOVERMIND_HOME=./.overmind\n')
  const here = { cwd: traps }
  for (const args of [
    ['start'],
    ['run', '--name', 'guest', 'echo fine'],
    ['wait', 'guest'],
    ['logs', 'guest'],
    ['doctor'],
    ['reload'],
    ['ps'],
  ])
    await om.with(here, ...args)
  expect((await om.with(here, 'logs', 'guest')).stdout).toBe('fine\n')
  expect(existsSync(join(om.folder, 'sprung'))).toBe(false)
})

test('variables of whoever calls are no commands, and no marks of a mission', async () => {
  await using other = await overmind()
  const trap = `$(touch '${join(other.folder, 'sprung')}')`
  const env = {
    OVERMIND_MISSION_ID: `../../${trap}`,
    OVERMIND_RUN: `1; ${trap}`,
    OVERMIND_KEEPER: trap,
    OVERMIND_KEEPER_ENV: `-- ${trap}`,
    OVERMIND_KEEPER_ENV_0: trap,
    OVERMIND_CGROUP: `/tmp/${trap}`,
    OVERMIND_LAUNCHER: other.home,
    OVERMIND_SUPERVISOR: '1',
    OVERMIND_TERMINAL: trap,
    ENV: join(other.folder, 'trap.sh'),
    BASH_ENV: join(other.folder, 'trap.sh'),
    PS4: trap,
    IFS: 'o',
    'a.b': trap,
  }
  await writeFile(join(other.folder, 'trap.sh'), `touch '${join(other.folder, 'sprung')}'`)
  const { stdout } = await other.with({ env }, 'run', '--name', 'named', '--follow', 'env -0')
  const seen = stdout.split('\0').filter((pair) => pair.startsWith('OVERMIND_'))
  const [mission] = (await other.json<{ missions: { id: string }[] }>('ps', '-a')).missions
  expect(seen.toSorted()).toEqual([
    `OVERMIND_HOME=${other.home}`,
    `OVERMIND_MISSION_ID=${mission?.id}`,
    'OVERMIND_MISSION_NAME=named',
    'OVERMIND_RUN=1',
  ])
  expect(existsSync(join(other.folder, 'sprung'))).toBe(false)
})

test('compiled code is taken from where nobody else can put any', async () => {
  await using other = await overmind()
  await mkdir(other.home, { mode: 0o700 })
  await chmod(other.home, 0o777)
  await other('--version')
  expect(readdirSync(other.home)).toEqual([])
  await chmod(other.home, 0o700)
  await other('--version')
  expect((statSync(join(other.home, 'cache')).mode & 0o777).toString(8)).toBe('700')
})

describe('doctor', () => {
  test('looks at the folder that a link leads to, at the files in its folders, and at the folder around', async () => {
    await using other = await overmind()
    await other.ok('run', '--name', 'a', 'true')
    await other('wait', 'a')
    const kept = join(other.folder, 'kept')
    const problems = async (): Promise<string> => (await other('doctor')).stdout
    await other.ok('shutdown')
    await rename(other.home, kept)
    await symlink(kept, other.home)
    await chmod(kept, 0o755)
    expect(await problems()).toContain('problem  home          others may open')
    await other.ok('doctor', '--fix')
    const [log = ''] = readdirSync(join(kept, 'output'))
    await chmod(join(kept, 'output', log), 0o644)
    expect(await problems()).toContain(join('output', log))
    await other.ok('doctor', '--fix')
    await chmod(dirname(other.home), 0o777)
    expect(await problems()).toContain('others could put another folder in its place')
    await chmod(dirname(other.home), 0o700)
    expect(await problems()).toContain('is yours alone')
  })

  test.runIf(isRoot)('finds what another user has put into a home', async () => {
    await using other = await overmind()
    await mkdir(other.home, { mode: 0o700 })
    await writeFile(join(other.home, 'runs'), '')
    await chown(join(other.home, 'runs'), NOBODY, NOBODY)
    expect((await other('doctor')).stdout).toContain(
      `${join(other.home, 'runs')} in it belongs to another user`,
    )
    expect((await other('start')).stderr).toContain('(home_not_private)')
  })
})

describe('a home after much use, under a umask that closes nothing', () => {
  let other: Overmind
  let ann: Person
  let umask = 0
  beforeAll(async () => {
    umask = process.umask(0)
    other = await overmind()
    const file = (name: string): string => join(other.home, name)
    await other.ok('start')
    await other.ok('shutdown')
    // What takes weeks to become full is full, and what is read is broken.
    await writeFile(file('runs'), 'x'.repeat(2 ** 21))
    await writeFile(file('daemon.log'), 'x'.repeat(6_000_000))
    await writeFile(file('overmind.db'), 'broken '.repeat(1000))
    await writeFile(file('config.toml'), '', { mode: 0o600 })
    await other.ok('start')
    await other.ok('run', '--name', 'task', 'echo x; exec sleep 1000')
    await other.ok('run', '--name', 'talks', '--type', 'session', 'cat')
    const agents =
      '[agents.a]\ncommand = "echo a"\n[agents.b]\ncommand = ["cat", "{{ a.file }}"]\ndepends_on = ["a"]\n'
    await writeFile(join(other.folder, 'pair.toml'), agents)
    await other.ok('apply', '--wait', 'pair.toml')
    const drawn = `[agents.a]\ncommand = "printf '%2000000s' x; exec sleep 1000"\nterminal = {}\noutput_limit = "1M"\n`
    await writeFile(join(other.folder, 'drawn.toml'), drawn)
    await other.ok('apply', 'drawn.toml')
    await eventually(() => readdirSync(file('output')).some((name) => /\.\d+\.1\.cast$/.test(name)))
    await createClient({ home: other.home }).start({
      provider: 'claude',
      type: 'session',
      cwd: other.folder,
      env: { PATH: process.env['PATH'] ?? '', HOME: other.folder, OVERMIND_CLAUDE: standIn.path },
      options: { mcp_config: { mcpServers: {} } },
    })
    ann = sitsAt(['attach', 'drawn.a'], other.home)
    await eventually(() => readdirSync(file('tty')).some((name) => name.endsWith('.attached')))
  })
  afterAll(async () => {
    await ann[Symbol.asyncDispose]()
    await other[Symbol.asyncDispose]()
    process.umask(umask)
  })

  test('has what docs/security.md says, each with its mode, and nothing else', () => {
    const page = readFileSync(new URL('../../../../docs/security.md', import.meta.url), 'utf8')
    const [, table = ''] = /^## The home$([^]*?)^## /m.exec(page) ?? []
    const rows = [...table.matchAll(/^\| (`[^|]+) \| (\S+) \|/gm)].flatMap(([, names = '', mode = '']) =>
      [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => ({ name, mode, pattern: patternOf(name) })),
    )
    const found = ['.', ...readdirSync(other.home, { recursive: true, encoding: 'utf8' })]
      .filter((name) => !name.startsWith('cache/'))
      .map((name) => {
        const row = rows.find(({ pattern }) => pattern.test(name))
        const { mode, uid } = statSync(join(other.home, name))
        return { name, row, mode: (mode & 0o777).toString(8).padStart(4, '0'), uid }
      })
    expect(found.filter(({ row }) => row === undefined).map(({ name }) => name)).toEqual([])
    expect(
      found.filter(({ row, mode }) => row?.mode !== mode).map(({ name, mode }) => `${name} ${mode}`),
    ).toEqual([])
    expect(found.filter(({ uid }) => uid !== process.getuid?.())).toEqual([])
    const seen = new Set(found.map(({ row }) => row?.name))
    // These are there for a moment.
    expect(rows.map(({ name }) => name).filter((name) => !seen.has(name))).toEqual([
      'output/<id>.<run>.0.cast',
      'input/<id>.<run>.<message>',
    ])
  })

  /** `<id>` and the like stand for what they say. */
  function patternOf(name: string): RegExp {
    const parts: Readonly<Record<string, string>> = {
      id: '[0-9a-f]{8}',
      run: '\\d+',
      agent: '[\\w-]+',
      message: '[0-9a-f-]{36}',
      number: '\\d+',
      time: '[\\dTZ.:-]+',
    }
    const escaped = name
      .replaceAll('.', '\\.')
      .replaceAll(/<(\w+)>/g, (_, part: string) => parts[part] ?? 'unknown')
    return new RegExp(`^${escaped}$`)
  }

  test.runIf(isRoot)('is closed to other users: no file, no socket, no environment', async () => {
    // Nothing above the home keeps them away.
    await chmod(dirname(other.home), 0o755)
    const names = readdirSync(other.home, { recursive: true, encoding: 'utf8' })
    const sockets = names.filter((name) => statSync(join(other.home, name)).isSocket())
    expect(sockets.length).toBeGreaterThan(1)
    const { pid } = await other.json<{ pid: number }>('status')
    const keeper = (await other.json<{ os_pid: number }>('info', 'task')).os_pid
    const files = [
      ...['.', ...names].map((name) => join(other.home, name)),
      ...[pid, keeper].map((each) => `/proc/${each}/environ`),
    ]
    const program = `
      const { openSync, readdirSync } = require('node:fs')
      const [files, sockets] = JSON.parse(process.argv[1])
      const opened = files.filter((file) => { try { openSync(file, 'r'); return true } catch {} })
      let left = sockets.length
      const done = () => (left -= 1) === 0 && console.log(JSON.stringify(opened))
      for (const socket of sockets) {
        const connection = require('node:net').connect(socket)
        connection.on('connect', () => { opened.push(socket); done() }).on('error', done)
      }`
    const argument = JSON.stringify([files, sockets.map((name) => join(other.home, name))])
    const child = spawn(process.execPath, ['-e', program, argument], { uid: NOBODY, gid: NOBODY, cwd: '/' })
    const [output] = await Promise.all([text(child.stdout), once(child, 'close')])
    expect(JSON.parse(output)).toEqual([])
  })
})
