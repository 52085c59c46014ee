import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { createRuntime, type MissionSpec, type Provider } from '../../src/index.ts'
import { temporaryHome } from '../support/home.ts'
import { bench, bytesOf, sh, textOf, textSoFar } from '../support/missions.ts'
import { environmentOf, keeperOf, missionProcesses, procFile } from '../support/processes.ts'
import { openSuccession } from '../support/succession.ts'
import { eventually, soon } from '../support/eventually.ts'

/** Looks at the command lines of the machine, as any user can, all the time, and keeps those that hold a word. */
function watchCommandLines(word: string): AsyncDisposable & {
  readonly ready: Promise<unknown>
  seen(): Promise<readonly string[]>
} {
  const program = `
    const { readdirSync, readFileSync } = require('node:fs')
    const seen = new Set()
    const look = () => {
      for (const pid of readdirSync('/proc')) {
        if (!/^\\d+$/.test(pid) || Number(pid) === process.pid) continue
        try {
          const line = readFileSync('/proc/' + pid + '/cmdline', 'latin1')
          if (line.includes(process.env.WORD)) seen.add(line)
        } catch {}
      }
      setImmediate(look)
    }
    process.stdin.on('end', () => process.stdout.write(JSON.stringify([...seen]), () => process.exit())).resume()
    process.stderr.write('ready')
    look()`
  const child = spawn(process.execPath, ['-e', program], { env: { WORD: word } })
  return {
    ready: once(child.stderr, 'data'),
    seen: async () => {
      child.stdin.end()
      return JSON.parse(await text(child.stdout)) as readonly string[]
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit')
    },
  }
}

/** What a command finds in its environment. */
async function environmentSeen(env: Readonly<Record<string, string>>): Promise<ReadonlyMap<string, string>> {
  await using overmind = await bench()
  const starting = overmind.runtime.start({
    command: [
      process.execPath,
      '-e',
      'process.stdout.write(require("fs").readFileSync("/proc/self/environ"))',
    ],
    env,
    name: 'environment',
    cwd: overmind.home.path,
  })
  const mission = await soon(starting, 'the start', 5000)
  await mission.exited()
  const pairs = (await bytesOf(mission)).toString('utf8').split('\0').filter(Boolean)
  const seen = new Map(
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)] as const),
  )
  // No variable is there twice.
  expect(seen.size).toBe(pairs.length)
  const marks = {
    OVERMIND_MISSION_ID: mission.id,
    OVERMIND_MISSION_NAME: 'environment',
    OVERMIND_RUN: '1',
    OVERMIND_HOME: overmind.home.path,
    PWD: overmind.home.path,
  }
  for (const [name, value] of Object.entries(marks)) {
    expect({ [name]: seen.get(name) }).toEqual({ [name]: value })
    seen.delete(name)
  }
  return seen
}

describe('the environment', () => {
  test('is handed on as it is: only what marks a mission is added', async () => {
    const env = {
      PATH: process.env['PATH'] ?? '',
      HOME: '/nowhere',
      EMPTY: '',
      LINES: 'one\ntwo\n',
      QUOTES: `'"\\$(id)\``,
    }
    expect(Object.fromEntries(await environmentSeen(env))).toEqual(env)
  })

  test('is handed on also where a shell has a use of its own for a name', async () => {
    const names =
      'IFS OPTIND PPID PS1 PS2 PS4 LINENO OLDPWD SHLVL _ c u ENV MAIL MAILPATH CDPATH HISTSIZE TERM FUNCNAME'
    const own = Object.fromEntries(names.split(' ').map((name, index) => [name, `${index + 100}`]))
    const env = { PATH: '/usr/bin:/bin', ...own }
    expect(Object.fromEntries(await environmentSeen(env))).toEqual(env)
  })

  test('that a shell cannot begin with does not keep a command from running', async () => {
    const env = { PATH: '/usr/bin:/bin', OPTIND: 'not a number' }
    expect(Object.fromEntries(await environmentSeen(env))).toEqual(env)
  })

  test('is handed on also where a shell cannot spell a name', async () => {
    const env = {
      PATH: '/usr/bin:/bin',
      'npm_config_//registry.example/:_token': 'quiet',
      'BASH_FUNC_f%%': '() { :; }',
      'with space': 'a\nb',
      '1digit': "it's",
      ünïcode: 'ø',
      '-i': 'not an option',
      'a.b-c': '=',
    }
    expect(Object.fromEntries(await environmentSeen(env))).toEqual(env)
  })

  test('of unusual names is not to be read off a command line', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({
      command: 'echo ready; exec sleep 1000',
      env: { PATH: '/usr/bin:/bin', 'npm_config_//registry.example/:_token': 'quiet-secret' },
    })
    await eventually(async () => (await textSoFar(mission)) === 'ready\n')
    const shown = overmind.home.processes().map((pid) => procFile(pid, 'cmdline') ?? '')
    expect(shown.filter((line) => line.includes('quiet-secret'))).toEqual([])
  })

  test('of unusual names is on no command line in the moment in which the command begins, either', async () => {
    await using overmind = await bench()
    await using watching = watchCommandLines('quiet-secret')
    await watching.ready
    // The program is looked for in many places, so that the moment is a long one.
    const PATH = `${'/nowhere:'.repeat(10_000)}/usr/bin:/bin`
    for (let start = 0; start < 5; start += 1) {
      const mission = await overmind.runtime.start({
        command: ['true'],
        env: { PATH, MAIL_TOKEN: 'quiet-secret', 'npm_config_//registry.example/:_token': 'quiet-secret' },
      })
      await mission.exited()
    }
    expect(await watching.seen()).toEqual([])
  })

  test('of unusual names needs nothing from PATH', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({
      command: '/bin/echo fine',
      env: { PATH: '/nowhere', 'a.b': 'c' },
    })
    expect(await mission.exited()).toMatchObject({ class: 'completed' })
  })

  test("a variable called like an object's own parts is a variable", async () => {
    const env = JSON.parse(
      '{"PATH":"/usr/bin:/bin","constructor":"a","toString":"b","__proto__":"c"}',
    ) as Record<string, string>
    expect([...(await environmentSeen(env)).keys()].toSorted()).toEqual([
      'PATH',
      '__proto__',
      'constructor',
      'toString',
    ])
  })

  test('of a megabyte is handed on', async () => {
    const env = {
      PATH: '/usr/bin:/bin',
      ...Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`BIG_${index}`, 'x'.repeat(100_000)])),
    }
    expect(Object.fromEntries(await environmentSeen(env))).toEqual(env)
  })

  test('of a mission that one mission starts names the inner one', async () => {
    const inherited = {
      PATH: '/usr/bin:/bin',
      OVERMIND_MISSION_ID: '00000000',
      OVERMIND_RUN: '99',
      OVERMIND_KEEPER: '{}',
      OVERMIND_SUPERVISOR: '1',
    }
    expect(Object.fromEntries(await environmentSeen(inherited))).toEqual({ PATH: '/usr/bin:/bin' })
  })

  test('of the keeper alone holds the copy of what it keeps', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: 'echo ready; sleep 1000; :' })
    await eventually(async () => (await textSoFar(mission)) === 'ready\n')
    const holders = overmind.home
      .processes()
      .filter((pid) => environmentOf(pid).some((entry) => entry.startsWith('OVERMIND_KEEPER=')))
    expect(holders).toEqual([keeperOf(mission.id)])
    expect(holders).toEqual([mission.view().state.process?.pid])
  })
})

describe('arguments', () => {
  test('of 100 KB, with every kind of character, arrive as they are', async () => {
    await using overmind = await bench()
    const args = ['x'.repeat(100 * 1024), '', ' ', '$(id)', `'"\\`, 'two\nlines', '-n', '*', 'ü🙂']
    const mission = await overmind.runtime.start({
      command: [
        process.execPath,
        '-e',
        'process.stdout.write(JSON.stringify(process.argv.slice(1)))',
        '--',
        ...args,
      ],
    })
    await mission.exited()
    expect(JSON.parse(await textOf(mission))).toEqual(args)
  })

  test('that are too long for the system are refused, and nothing is left of the attempt', async () => {
    await using overmind = await bench()
    const starting = overmind.runtime.start({
      command: ['/bin/echo', ...Array.from({ length: 40 }, () => 'x'.repeat(100_000))],
    })
    const mission = await soon(starting, 'the start', 5000)
    expect(await mission.exited()).toMatchObject({ class: 'failed-to-start', code: null })
    expect(overmind.home.processes()).toEqual([])
  })
})

describe('what else a command inherits', () => {
  test('no signal is ignored and none is blocked', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: ['cat', '/proc/self/status'] })
    await mission.exited()
    expect((await textOf(mission)).match(/^Sig(Blk|Ign):.*$/gm)).toEqual([
      'SigBlk:\t0000000000000000',
      'SigIgn:\t0000000000000000',
    ])
  })

  test("the umask is the caller's, input is empty, and no file of ours is open but the output", async () => {
    await using overmind = await bench()
    const here = spawnSync('/bin/sh', ['-c', 'umask'], { encoding: 'utf8' }).stdout
    const mission = await overmind.runtime.start({
      command: 'umask; cat; for fd in /proc/$$/fd/*; do readlink $fd; done; exit 0',
    })
    expect(await mission.exited()).toMatchObject({ class: 'completed' })
    const [umask, ...open] = (await textOf(mission)).split('\n')
    expect(`${umask}\n`).toBe(here)
    const log = join(overmind.home.path, 'output', `${mission.id}.1.log`)
    expect(open.filter((path) => path.startsWith(overmind.home.path))).toEqual([log, log])
  })

  test('it leads no session of ours and has no terminal', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({
      command: ['ps', '-o', 'sid=,pgid=,tty=', '-p', '$$'].join(' '),
    })
    await mission.exited()
    const [sid, pgid, tty] = (await textOf(mission)).trim().split(/\s+/)
    const keeper = String(mission.view().state.process?.pid)
    expect([sid, pgid, tty]).toEqual([keeper, keeper, '?'])
  })
})

describe('the home', () => {
  test('has files that only their owner may read, in folders that only their owner may enter', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: 'echo private' })
    await mission.exited()
    const session = await overmind.runtime.start({ type: 'session' })
    const modes: Record<string, string> = {}
    for (const entry of await readdir(overmind.home.path, { recursive: true, withFileTypes: true })) {
      const { mode } = await stat(join(entry.parentPath, entry.name))
      modes[entry.name] = (mode & 0o777).toString(8)
    }
    expect(modes).toEqual({
      input: '700',
      output: '700',
      results: '700',
      tty: '700',
      runs: '600',
      [`${mission.id}.1.log`]: '600',
      [`${session.id}.1.out`]: '600',
      [`${session.id}.1.err`]: '600',
      [`${session.id}.1.requests`]: '600',
      [`${session.id}.1.stdin`]: '600',
      [`${session.id}.1.told`]: '600',
    })
    expect(((await stat(overmind.home.path)).mode & 0o777).toString(8)).toBe('700')
  })

  test('that others may enter is made private', async () => {
    await using home = await temporaryHome()
    const path = join(home.path, 'open')
    await mkdir(path, { mode: 0o755 })
    await using runtime = await createRuntime({ home: path })
    expect(((await stat(runtime.home)).mode & 0o777).toString(8)).toBe('700')
  })

  test('that is a file is refused with a clear error', async () => {
    await using home = await temporaryHome()
    const path = join(home.path, 'file')
    await writeFile(path, '')
    await expect(createRuntime({ home: path })).rejects.toMatchObject({ code: 'home_not_writable' })
  })

  test('with spaces, quotes and newlines in its path works', async () => {
    await using home = await temporaryHome()
    await using runtime = await createRuntime({ home: join(home.path, `it's "a" $HOME\nof \\ its own`) })
    const mission = await runtime.start({ command: 'echo fine; exit 3' })
    expect((await mission.exited()).code).toBe(3)
    expect(await readFile(join(runtime.home, 'runs'), 'utf8')).toMatch(/^start .*\nexit .* 3 [\d.]+\n$/)
  })

  test('given by a relative path is the same for runtime and keeper', async () => {
    await using home = await temporaryHome()
    const runtime = await createRuntime({ home: join(relative(process.cwd(), home.path), 'relative') })
    const deep = join(home.path, 'a', 'b', 'c')
    await mkdir(deep, { recursive: true })
    const mission = await soon(runtime.start({ command: 'exit 3', cwd: deep }), 'the start', 5000)
    await mission.exited()
    await runtime.close()
    expect(await readFile(join(home.path, 'relative', 'runs'), 'utf8')).toMatch(
      /^start .*\nexit .* 3 [\d.]+\n$/,
    )
  })

  test('of its own is gone when a runtime without one is closed', async () => {
    const runtime = await createRuntime()
    const mission = await runtime.start({ command: sh('ends-when-asked.sh') })
    await eventually(async () => (await textSoFar(mission)) === 'ready\n')
    await runtime.close()
    expect(mission.view().status).toBe('stopped')
    await expect(stat(runtime.home)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describe('an argument', () => {
  const keyed = (streams: 'merged' | 'terminal'): Provider => ({
    name: 'keyed',
    invoke: ({ env, spec }) => ({
      argv: [
        '/bin/sh',
        '-c',
        shellOf(spec),
        { before: '', text: 'first-secret' },
        { before: '--key=', text: "it's\na $(secret)" },
      ],
      streams,
      env,
    }),
  })
  const shellOf = ({ command }: MissionSpec): string => (command.kind === 'shell' ? command.line : '')

  test.each(['merged', 'terminal'] as const)(
    'a private one is in a file for the program alone, while it runs: %s',
    async (streams) => {
      await using overmind = await bench({ providers: [keyed(streams)] })
      await using watching = watchCommandLines('first-secret')
      await watching.ready
      const input = join(overmind.home.path, 'input')
      const mission = await overmind.runtime.start({
        provider: 'keyed',
        command: `stat -c %a "$0"; cat "$0"; echo; cat "\${1#--key=}"; echo; while [ ! -e go ]; do sleep 0.02; done; exit 3`,
        cwd: overmind.home.path,
      })
      await eventually(async () => /secret\)\r?\n/.test(await textSoFar(mission)))
      expect((await textSoFar(mission)).replaceAll('\r', '')).toBe("600\nfirst-secret\nit's\na $(secret)\n")
      expect(await readdir(input)).toEqual([`${mission.id}.1.arguments`])
      await writeFile(join(overmind.home.path, 'go'), '')
      expect(await mission.exited()).toMatchObject({ code: 3 })
      expect(await readdir(input)).toEqual([])
      expect(await watching.seen()).toEqual([])
    },
  )

  test('a private one is gone when its run was refused', async () => {
    await using overmind = await bench({ providers: [keyed('merged')] })
    const folder = join(overmind.home.path, 'work')
    await mkdir(folder)
    const mission = await overmind.runtime.start({
      provider: 'keyed',
      command: `rmdir '${folder}'; exit 3`,
      cwd: folder,
      restart: 'on-failure',
      backoffMs: 0,
    })
    expect(await mission.exited()).toMatchObject({ class: 'failed-to-start' })
    expect(await readdir(join(overmind.home.path, 'input'))).toEqual([])
  })

  test('a private one is gone whatever its run has put in its place', async () => {
    await using overmind = await bench({ providers: [keyed('merged')] })
    const mission = await overmind.runtime.start({
      provider: 'keyed',
      command: `rm "$0"; mkdir "$0"; touch "$0/more"`,
      cwd: overmind.home.path,
    })
    expect(await mission.exited()).toMatchObject({ code: 0 })
    expect(await readdir(join(overmind.home.path, 'input'))).toEqual([])
    expect(overmind.faults).toEqual([])
  })

  test('a private one is gone when its run has ended while no supervisor was there', async () => {
    const provider = keyed('merged')
    await using succession = await openSuccession({ providers: [provider] })
    const { home, runtime, takeOver } = succession
    const { id } = await runtime().start({
      provider: 'keyed',
      command: 'while [ ! -e go ]; do sleep 0.02; done',
      cwd: home.path,
    })
    await runtime().close({ missions: 'keep' })
    await writeFile(join(home.path, 'go'), '')
    await eventually(() => missionProcesses(id).length === 0)
    expect(await readdir(join(home.path, 'input'))).toHaveLength(1)
    await takeOver()
    await runtime().get(id).exited()
    expect(await readdir(join(home.path, 'input'))).toEqual([])
  })
})
