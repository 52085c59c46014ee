import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, glob, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  createClient,
  type DaemonStatus,
  type EventView,
  type LogLine,
  type MissionList,
  type MissionView,
} from '@overmind/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../../core/test/support/eventually.ts'
import { type Ended, overmind, type Overmind } from './overmind.ts'

const ID = /^[0-9a-f]{8}$/
const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`

describe('with a daemon', () => {
  let o: Overmind

  beforeAll(async () => {
    o = await overmind()
    await o.ok('start')
  })
  afterAll(async () => {
    await o[Symbol.asyncDispose]()
  })

  test('start says that it is there already', async () => {
    expect(await o('start')).toEqual({ code: 0, stdout: 'Daemon is already running\n', stderr: '' })
    expect(await o.json('start')).toEqual({ pid: expect.any(Number), started: false })
  })

  test('status names the daemon and counts missions', async () => {
    const status = await o.json<DaemonStatus>('status')
    const lines = (await o.ok('status')).split('\n').map((line) => line.trim())
    expect(lines[0]).toBe('Overmind Daemon')
    expect(lines).toContain(`PID: ${status.pid}`)
    expect(lines).toContain(`Node: ${hostname()} (${process.version})`)
    expect(lines).toContain('Missions')
    for (const label of ['Uptime', 'Memory', 'Processes', 'Running', 'Stopped', 'Crashed', 'Total']) {
      expect(lines.filter((line) => line.startsWith(`${label}: `))).toHaveLength(1)
    }
  })

  describe('run', () => {
    test('says id and name', async () => {
      const { stdout, stderr, code } = await o('run', '--name', 'said', 'true')
      expect(stdout).toMatch(/^Started mission [0-9a-f]{8} \(said\)\n$/)
      expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
    })

    test('makes a name up', async () => {
      const { id, name } = await o.json<{ id: string; name: string }>('run', 'true')
      expect(id).toMatch(ID)
      expect(name).toMatch(/^[a-z]+-[a-z]+(-\d+)?$/)
    })

    test.each([
      ['one word is a shell line', ['run', '-f', 'echo a; echo $((1 + 1))'], 'a\n2\n'],
      ['several are joined to one', ['run', '-f', 'echo', 'a', ';', 'echo', '$((1 + 1))'], 'a\n2\n'],
      [
        'flags behind the first word are its own',
        ['run', '-f', 'printf', '%s.', '--json', '-x'],
        '--json.-x.',
      ],
      [
        '--exec takes them as they are',
        ['run', '-f', '--exec', 'printf', '%s|', 'a b', '$HOME', '', ';'],
        'a b|$HOME||;|',
      ],
      ['-- ends flags', ['run', '-f', '--exec', '--', 'printf', '%s', '--'], '--'],
      ['without a newline at the end', ['run', '-f', 'printf x'], 'x'],
      ['stderr too, in order', ['run', '-f', 'echo 1; echo 2 >&2; echo 3'], '1\n2\n3\n'],
      ['bytes that are no text', ['run', '-f', String.raw`printf '\033[2J\001'`], '\x1b[2J\x01'],
    ])('%s', async (_, args, output) => {
      const { stdout, stderr, code } = await o(...args)
      expect(stdout).toBe(output)
      expect(stderr).toMatch(/^Started mission [0-9a-f]{8} \(.+\)\n$/)
      expect(code).toBe(0)
    })

    test.each([
      ['exit 0', 0],
      ['exit 3', 3],
      ['kill -TERM $$', 143],
      ['no-such-program', 127],
    ])('--follow exits with the code of %s', async (line, code) => {
      expect((await o('run', '--follow', line)).code).toBe(code)
    })

    test('--follow exits with 137 when the mission is killed', async () => {
      const followed = await o.with(
        { onOutput: (output) => void (output.includes('up') && o('kill', 'killed-followed')) },
        'run',
        '--name',
        'killed-followed',
        '--follow',
        'echo up; sleep 60',
      )
      expect(followed.code).toBe(137)
    })

    test('--follow --json is lines of JSON, the mission first', async () => {
      const lines = (await o.ok('run', '--follow', '--json', 'echo a; echo b')).trim().split('\n')
      const [first, ...rest] = lines.map((line) => JSON.parse(line) as Partial<LogLine> & { id?: string })
      expect(first?.id).toMatch(ID)
      expect(rest.map(({ text }) => text)).toEqual(['a', 'b'])
    })

    test('Ctrl-C lets go of the mission and says how to see it again', async () => {
      const { code, stderr } = await o.with(
        { onOutput: (_, command) => command.interrupt() },
        'run',
        '--name',
        'let-go',
        '--follow',
        'echo up; sleep 60',
      )
      expect(code).toBe(130)
      expect(stderr).toContain('The mission goes on. See it again with: overmind logs -f let-go\n')
      expect((await o.json<MissionView>('info', 'let-go')).status).toBe('running')
      await o.ok('kill', 'let-go')
    })

    test('a reader that goes away ends the watching quietly, not the mission', async () => {
      const followed = await o.with(
        { onOutput: (_, command) => command.hangUp() },
        'run',
        '--name',
        'unread',
        '--follow',
        'while :; do echo y; done',
      )
      expect(followed).toMatchObject({ code: 0, stderr: expect.stringMatching(/^Started mission [^\n]+\n$/) })
      expect((await o.json<MissionView>('info', 'unread')).status).toBe('running')
      await o.ok('kill', 'unread')
    })

    test('a reader of stderr that goes away ends nothing, and makes no failure a success', async () => {
      const quiet = (...args: string[]): Promise<Ended> => o.with({ stderr: 'closed' }, ...args)
      expect(await quiet('run', '--follow', 'echo out; exit 3')).toMatchObject({ code: 3, stdout: 'out\n' })
      expect(await quiet('info', 'nobody')).toMatchObject({ code: 1 })
      expect(await quiet('info')).toMatchObject({ code: 2 })
    })

    test('the mission has the folder and the environment of the caller', async () => {
      const folder = join(o.folder, 'some folder')
      await mkdir(folder)
      const options = { cwd: folder, env: { FROM_CALLER: 'a b', ADDED: 'old' } }
      const line = 'echo $PWD $FROM_CALLER $ADDED $OVERMIND_MISSION_NAME $OVERMIND_RUN'
      const args = [
        'run',
        '--follow',
        '--name',
        'inherits',
        '--env',
        'ADDED=x=y',
        '--env',
        'FROM_CALLER',
        line,
      ]
      expect((await o.with(options, ...args)).stdout).toBe(`${folder} a b x=y inherits 1\n`)
      const elsewhere = await o.with(options, 'run', '--follow', '--cwd', '..', 'pwd')
      expect(elsewhere.stdout).toBe(`${o.folder}\n`)
    })

    test('all flags reach the mission', async () => {
      await o.ok(
        ...'run --name flags --type task --restart on_failure --max-restarts 7 --max-seconds 90 --backoff 250'.split(
          ' ',
        ),
        ...'--activity-timeout 2m --timeout 1h --stop-signal int --stop-timeout 1.5 true'.split(' '),
      )
      const { spec } = await o.json<{ spec: unknown }>('describe', 'flags')
      expect(spec).toMatchObject({
        restart: expect.stringMatching(/^on.failure$/),
        max_restarts: 7,
        max_seconds: 90,
        backoff_ms: 250,
        activity_timeout_ms: 120_000,
        timeout_ms: 3_600_000,
        stop_signal: 'SIGINT',
        stop_timeout_ms: 1500,
      })
    })
  })

  test('ps lists all but killed missions, --all those too, --filter some', async () => {
    await o.start('--name', 'listed', 'sleep 60')
    await o.start('--name', 'gone', 'sleep 60')
    await o.ok('kill', 'gone')

    const [heading, ...rows] = (await o.ok('ps')).trimEnd().split('\n')
    expect(heading?.split(/ +/)).toEqual(
      'ID NAME TYPE STATUS RESTARTS PARENT CHILDREN UPTIME COMMAND'.split(' '),
    )
    const row = rows.find((line) => line.includes('listed'))
    expect(row).toMatch(/^[0-9a-f]{8} +listed +task +running +0 +- +0 +\d+s +sleep 60$/)
    expect(rows.some((line) => line.includes('gone'))).toBe(false)
    expect(await o.ok('ps', '-a')).toMatch(/gone +task +killed/)

    const { missions } = await o.json<MissionList>(
      'ps',
      '--filter',
      'status=running',
      '--filter',
      'name=list*',
    )
    expect(missions.map(({ name }) => name)).toEqual(['listed'])
    await o.ok('kill', 'listed')
  })

  test('families are shown as trees, listed by parent, and killed children first', async () => {
    await using own = await overmind()
    const lead = await own.start('--name', 'lead', 'sleep 1000')
    const scout = await own.start('--name', 'scout', '--parent', 'lead', 'sleep 1000')
    const helper = await own.start('--name', 'helper', '--parent', scout.slice(0, 6), 'sleep 1000')
    await own.start('--name', 'other', 'sleep 1000')
    const rows = (text: string): string[] =>
      text
        .split('\n')
        .slice(1, -1)
        .map((line) => line.replace(/ {2}task .*/, '').trimEnd())
    expect(rows(await own.ok('ps', '--tree'))).toEqual([
      `${lead}  lead`,
      `${scout}  └─ scout`,
      `${helper}     └─ helper`,
      expect.stringMatching(/^[0-9a-f]{8}  other$/),
    ])
    expect(rows(await own.ok('ps', '--children', 'lead'))).toEqual([`${scout}  scout`])
    expect(await own.json('info', 'scout')).toMatchObject({ parent: lead, children: [helper] })
    expect(await own.ok('kill', '--cascade', 'lead')).toBe(`Killed mission ${lead} and all children\n`)
    expect(rows(await own.ok('ps'))).toEqual([expect.stringMatching(/ other$/)])
    expect(await own.ok('kill', '--all')).toMatch(/^Killed mission [0-9a-f]{8}\n$/)
    expect(await own.ok('kill', '--all')).toBe('')
  })

  test('a team is shown as a tree, and outlives its daemon', async () => {
    await using own = await overmind()
    await own.ok('start')
    const client = createClient({ home: own.home })
    const mission = { command: 'exec sleep 1000', cwd: '/' }
    const team = await client.startTeam({
      name: 'crew',
      strategy: 'one_for_all',
      members: [
        { id: 'plan', mission },
        { id: 'build', mission, restart: 'permanent' },
      ],
    })
    const ids = team.members.map((member) => member.mission)
    const lines = (await own.ok('ps', '--tree')).split('\n').slice(1, -1)
    expect(lines[0]).toMatch(/^- +crew +team +running +0 +- +2 +- +one_for_all$/)
    expect(lines[1]).toMatch(new RegExp(`^${ids[0]}  ├─ crew.plan +task +running`))
    expect(lines[2]).toMatch(new RegExp(`^${ids[1]}  └─ crew.build +task +running`))
    expect(await own.json('info', 'crew.build')).toMatchObject({
      team: { name: 'crew', member: 'build', strategy: 'one_for_all' },
    })

    process.kill((await client.status()).pid, 'SIGKILL')
    await own.ok('start')
    const [again] = await client.teams()
    expect(again).toMatchObject({ name: 'crew', outcome: null, members: team.members })
    expect(await client.stopTeam('crew')).toMatchObject({ outcome: 'stopped' })
    await expect(client.stopTeam('crew')).rejects.toMatchObject({ code: 'not_running' })
    await expect(client.stopTeam('nobody')).rejects.toMatchObject({ code: 'not_found' })
    expect(await own.json('info', 'crew.plan')).toMatchObject({ status: 'stopped', exit_class: 'stopped' })
    expect(await own.ok('describe', 'crew.plan')).toContain('stopped with its team')
  })

  test('ps --watch shows changes until Ctrl-C', async () => {
    const id = await o.start('--name', 'watched', 'sleep 60')
    let stopped = false
    const { code, stdout } = await o.with(
      {
        onOutput: (output, command) => {
          if (!stopped && /watched +task +running/.test(output)) {
            stopped = true
            void o('stop', id)
          }
          if (/watched +task +stopped/.test(output)) command.interrupt()
        },
      },
      'ps',
      '--watch',
    )
    expect(code).toBe(0)
    expect(stdout.match(/^ID +NAME/gm)?.length).toBeGreaterThan(1)
  })

  test('monitor shows status and missions until Ctrl-C', async () => {
    const { code, stdout } = await o.with(
      { onOutput: (output, command) => void (output.includes('COMMAND') && command.interrupt()) },
      'monitor',
    )
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Overmind Daemon\n[^]+\nMissions\n[^]+\nID +NAME/)
  })

  test('info is one line of JSON for each mission', async () => {
    const id = await o.start('--name', 'informed', 'exit 4')
    await o('wait', id)
    const out = await o.ok('info', 'informed')
    expect(out.trimEnd()).not.toContain('\n')
    expect(JSON.parse(out)).toMatchObject({
      id,
      name: 'informed',
      command: 'exit 4',
      status: 'crashed',
      exit_code: 4,
      restart_policy: 'never',
      restart_count: 0,
      parent: null,
      children: [],
    })
    expect((await o.ok('info', id, id.slice(0, 7))).trimEnd().split('\n')).toHaveLength(2)
  })

  test('describe says why, and shows the last output', async () => {
    const id = await o.start('--name', 'described', 'echo the last words; exit 9')
    await o('wait', id)
    const page = await o.ok('describe', 'described')
    expect(page).toMatch(/^Mission: +described \([0-9a-f]{8}\)$/m)
    expect(page).toMatch(/^Status: +crashed \(exit code 9\)$/m)
    expect(page).toMatch(/^Why: /m)
    expect(page).toContain('the last words')
    expect(page).toContain('mission.exited')
  })

  test('describe says what is waited for, and what it belongs to', async () => {
    await o.start('--name', 'above', 'exec sleep 1000')
    const flags = [
      '--parent',
      'above',
      '--on-parent-exit',
      'stop',
      '--restart',
      'always',
      '--backoff',
      '60000',
    ]
    const id = await o.start('--name', 'waiting', ...flags, 'exit 7')
    const page = async (): Promise<string> =>
      (await o.ok('describe', 'waiting')).replaceAll(/\d+\.\d s/g, 'n s')
    await expect.poll(page).toMatch(/^Status: +restarting$/m)
    expect(await page()).toMatch(
      new RegExp(
        [
          '^Why: +Run 1 failed with exit code 7; run 2 begins in n s\\.',
          ' +Restarts \\(always\\): 4 of 5 left within 60 s of running time; 1 so far\\.',
          ` +It ends when its parent [0-9a-f]{8} has exited\\.$`,
        ].join('\n'),
        'm',
      ),
    )
    await o.ok('kill', 'above')
    await o('wait', id)
    expect(await page()).toMatch(/^Status: +stopped$/m)
    expect(await page()).toMatch(/because its parent exited, while it waited to run again/)
  })

  describe('logs', () => {
    test('of one mission are its bytes', async () => {
      const id = await o.start('--name', 'logged', String.raw`printf 'a\033[31m\rb'`)
      await o('wait', id)
      expect(await o.ok('logs', 'logged')).toBe('a\x1b[31m\rb')
    })

    test('of several, and of all, stand under headings', async () => {
      const first = await o.start('--name', 'log-a', 'echo from a')
      const second = await o.start('--name', 'log-b', 'printf "from b"')
      await o.ok('wait', first, second)
      expect(await o.ok('logs', 'log-a', 'log-b')).toBe(
        `=== log-a (${first}) ===\nfrom a\n\n=== log-b (${second}) ===\nfrom b`,
      )
      const all = await o.ok('logs')
      expect(all).toContain(`=== log-a (${first}) ===\nfrom a\n`)
      expect(all).toContain(`=== log-b (${second}) ===\nfrom b`)
      const live = await o.start('--name', 'log-c', 'sleep 1000')
      const late = await o.ok('logs', '--since', '2100-01-01')
      expect(late).toContain(`=== log-c (${live}) ===`)
      expect(late).not.toContain(first)
      await o.ok('kill', live)
    })

    test('--tail, --timestamps, --since and --json', async () => {
      const id = await o.start('--name', 'log-lines', 'seq 1 100')
      await o('wait', id)
      expect(await o.ok('logs', '--tail', '2', id)).toBe('99\n100\n')
      expect(await o.ok('logs', '-n', '0', id)).toBe('')
      expect(await o.ok('logs', '-t', '-n', '1', id)).toMatch(new RegExp(`^${TIME} 100\n$`))
      expect(await o.ok('logs', '--since', '1h', id)).toBe(await o.ok('logs', id))
      expect(await o.ok('logs', '--since', '2100-01-01', id)).toBe('')
      const last: unknown = JSON.parse(await o.ok('logs', '--json', '-n', '1', id))
      expect(last).toMatchObject({ mission: id, run: 1, text: '100' })
    })

    test('name the restarts between runs, and --run takes one run alone', async () => {
      const id = await o.start('--name', 'log-runs', 'echo run $OVERMIND_RUN')
      await o('wait', id)
      await o.ok('restart', id)
      await o('wait', id)
      expect(await o.ok('logs', id)).toMatch(new RegExp(`^run 1\n--- restart #1 at ${TIME} ---\nrun 2\n$`))
      expect(await o.ok('logs', '--run', '2', id)).toBe('run 2\n')
    })

    test('-f goes on until the missions have exited, with a heading where another one speaks', async () => {
      const gate = join(o.folder, 'gate')
      const until = (file: string, line: string): string =>
        `while ! [ -e ${file} ]; do sleep 0.05; done; ${line}`
      const first = await o.start('--name', 'follow-a', `echo a1; ${until(gate, 'echo a2')}`)
      const second = await o.start('--name', 'follow-b', until(`${gate}2`, 'echo b1'))
      const { code, stdout } = await o.with(
        {
          onOutput: (output) => {
            if (output.includes('a1\n')) void writeFile(`${gate}2`, '')
            if (output.includes('b1\n')) void writeFile(gate, '')
          },
        },
        'logs',
        '-f',
        first,
        second,
      )
      expect(code).toBe(0)
      const a = `=== follow-a (${first}) ===\n`
      expect(stdout).toBe(`${a}a1\n\n=== follow-b (${second}) ===\nb1\n\n${a}a2\n`)
    })

    test('-f has no heading for a mission that ends without another word, and one for a mission that said none', async () => {
      const gate = (name: string): string => join(o.folder, `quiet-${name}`)
      const until = (name: string): string => `while ! [ -e ${gate(name)} ]; do sleep 0.05; done`
      const first = await o.start('--name', 'quiet-a', `${until('b-spoke')}; echo a; ${until('b-over')}`)
      const second = await o.start('--name', 'quiet-b', `echo b; ${until('a-spoke')}`)
      const third = await o.start('--name', 'quiet-c', until('a-over'))
      const open = (name: string) => (): Promise<void> => writeFile(gate(name), '')
      void o('wait', second).then(open('b-over'))
      void o('wait', first).then(open('a-over'))
      const { code, stdout } = await o.with(
        {
          onOutput: (output) => {
            if (output.includes('\nb\n')) void open('b-spoke')()
            if (output.includes('\na\n')) void open('a-spoke')()
          },
        },
        'logs',
        '-f',
        first,
        second,
        third,
      )
      expect(code).toBe(0)
      const heading = (name: string, id: string): string => `=== quiet-${name} (${id}) ===\n`
      expect(stdout).toBe(`${heading('b', second)}b\n\n${heading('a', first)}a\n\n${heading('c', third)}`)
    })
  })

  test('events are lines for people and JSON for scripts', async () => {
    const id = await o.start('--name', 'eventful', 'exit 2')
    await o('wait', id)
    const lines = (await o.ok('events', 'eventful')).trimEnd().split('\n')
    expect(lines[0]).toMatch(
      new RegExp(`^\\d+ {2}${TIME} {2}eventful \\(${id}\\) {2}mission\\.created {2}name=eventful$`),
    )
    expect(lines.at(-1)).toMatch(/mission\.exited {2}.*class=crashed {2}code=2$/)

    const events = (await o.ok('events', '--json', id))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as EventView)
    expect(events.map(({ type }) => type)).toEqual(lines.map((line) => line.split('  ')[3]))
    const since = String(events[1]?.seq)
    expect((await o.ok('events', '--since', since, id)).trimEnd().split('\n')).toHaveLength(lines.length - 2)
  })

  describe('wait', () => {
    test('says how it ended and exits with the code', async () => {
      const id = await o.start('exit 5')
      expect(await o('wait', id)).toEqual({
        code: 5,
        stdout: `Mission ${id} finished: crashed (exit code 5)\n`,
        stderr: '',
      })
      expect(await o.json<MissionView>('wait', await o.start('true'))).toMatchObject({ status: 'stopped' })
    })

    test('exits with 137 when it was killed', async () => {
      const id = await o.start('sleep 60')
      const [waited] = await Promise.all([o('wait', id), o.ok('kill', id)])
      expect(waited).toMatchObject({ code: 137, stdout: `Mission ${id} finished: killed (exit code 137)\n` })
    })

    test('of several, the first code that is not 0 in the order given', async () => {
      const ids = [await o.start('true'), await o.start('sleep 0.3; exit 6'), await o.start('exit 7')]
      const { code, stdout } = await o('wait', ...ids)
      expect(code).toBe(6)
      expect(stdout.trimEnd().split('\n')).toHaveLength(3)
    })

    test('--any returns with the first', async () => {
      const slow = await o.start('sleep 60')
      const fast = await o.start('exit 8')
      expect(await o('wait', '--any', slow, fast)).toMatchObject({ code: 8 })
      await o.ok('kill', slow)
    })

    test('--timeout is an error that says so', async () => {
      const id = await o.start('sleep 60')
      const { code, stderr } = await o('wait', id, '--timeout', '50')
      expect(code).toBe(1)
      expect(stderr).toMatch(/^Error: .*timeout.* \(timeout\)\n$/i)
      await o.ok('kill', id)
    })
  })

  describe('stop, kill, restart, rm and prune', () => {
    test('stop asks, kill does not', async () => {
      const ends = `trap 'echo asked; exit 0' TERM; echo up; while :; do sleep 0.05; done`
      const id = await o.start('--name', 'asked', ends)
      await o.with({ onOutput: (_, command) => command.interrupt() }, 'logs', '-f', id)
      expect(await o.ok('stop', 'asked')).toBe(`Stopped mission ${id}\n`)
      expect(await o.ok('logs', id)).toMatch(/^up\n[^]*asked\n$/)

      const other = await o.start('--name', 'not-asked', ends)
      await o.with({ onOutput: (_, command) => command.interrupt() }, 'logs', '-f', other)
      expect(await o.ok('kill', 'not-asked')).toBe(`Killed mission ${other}\n`)
      expect(await o.ok('logs', other)).not.toContain('asked')
    })

    test('kill --all takes no --cascade, which would add none', async () => {
      expect(await o('kill', '--all', '--cascade')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('--cascade'),
      })
    })

    test('stop --timeout ends what does not listen', async () => {
      const id = await o.start(`trap '' TERM; echo up; while :; do sleep 0.05; done`)
      await o.with({ onOutput: (_, command) => command.interrupt() }, 'logs', '-f', id)
      expect(await o.ok('stop', '--timeout', '0.2', id)).toBe(`Stopped mission ${id}\n`)
    })

    test('several are ended though one is not there', async () => {
      const ids = [await o.start('sleep 60'), await o.start('sleep 60')]
      const { code, stdout, stderr } = await o('stop', ids[0]!, 'nobody', ids[1]!)
      expect(stdout).toBe(ids.map((id) => `Stopped mission ${id}\n`).join(''))
      expect(stderr).toMatch(/^Error: .*nobody.* \(not_found\)\n$/)
      expect(code).toBe(1)
    })

    test('restart begins a new run', async () => {
      const id = await o.start('sleep 60')
      expect(await o.ok('restart', id)).toBe(`Restarted mission ${id}\n`)
      expect(await o.json<MissionView>('info', id)).toMatchObject({ run: 2, status: 'running' })
      await o.ok('kill', id)
    })

    test('rm forgets, and only what has exited', async () => {
      const id = await o.start('--name', 'forgotten', 'sleep 60')
      expect(await o('rm', id)).toMatchObject({ code: 1, stderr: expect.stringContaining('(not_exited)') })
      await o.ok('stop', id)
      expect(await o.ok('rm', 'forgotten')).toBe(`Removed mission ${id}\n`)
      expect(await o('info', id)).toMatchObject({ code: 1, stderr: expect.stringContaining('(not_found)') })
    })

    test('prune leaves what runs and what is young', async () => {
      const running = await o.start('sleep 60')
      const exited = await o.start('true')
      await o('wait', exited)
      expect(await o.ok('prune', '--older-than', '1h')).toBe('Nothing to remove\n')
      const out = await o.ok('prune')
      expect(out).toContain(`Removed mission ${exited}\n`)
      expect(out).toMatch(/\nRemoved \d+ missions?\n$/)
      expect((await o.json<MissionList>('ps', '-a')).missions.map(({ id }) => id)).toEqual([running])
      await o.ok('kill', running)
      await o.ok('prune')
      expect(await o.json('prune')).toEqual({ removed: [] })
    })
  })

  test('what needs a control group is started or refused, as status says', async () => {
    const { cgroups } = await o.json<DaemonStatus>('status')
    const settable: readonly string[] = cgroups.kind === 'cgroups' ? cgroups.limits : []
    const wanted = [
      { flags: ['--custody', 'cgroup'], can: cgroups.kind === 'cgroups' },
      { flags: ['--memory', '64M'], can: settable.includes('memory') },
      { flags: ['--cpus', '0.5'], can: settable.includes('cpus') },
      { flags: ['--pids', '9'], can: settable.includes('pids') },
    ]
    const refused = { code: 1, stdout: '', stderr: expect.stringContaining('(cgroup_not_supported)') }
    for (const { flags, can } of wanted) {
      expect(await o('run', ...flags, 'true')).toMatchObject(can ? { code: 0 } : refused)
    }
    expect(await o('run', '--memory', '64X', 'true')).toMatchObject({ code: 2 })
    expect(await o('run', '--memory', '64M', '--custody', 'marks', 'true')).toMatchObject({ code: 1 })
  })

  test('doctor finds a healthy installation, and closes what is open to others', async () => {
    const report = await o.json<{ healthy: boolean; findings: { check: string; state: string }[] }>('doctor')
    expect(report.healthy).toBe(true)
    expect(report.findings.map(({ check }) => check)).toEqual(
      expect.arrayContaining([
        'node',
        'home',
        'daemon',
        'leftovers',
        'disk',
        'output limit',
        'processes',
        'cgroups',
        'agents',
      ]),
    )

    await chmod(o.home, 0o755)
    expect(await o('doctor')).toMatchObject({ code: 1, stdout: expect.stringContaining('problem  home') })
    expect(await o.ok('doctor', '--fix')).toContain('fixed    home')
    expect((await stat(o.home)).mode & 0o777).toBe(0o700)
    expect((await o('doctor')).code).toBe(0)
  })

  test.runIf(process.platform === 'linux').each(['the home', 'a link to it'])(
    'doctor --fix ends what dead missions left, and nothing else: %s',
    async (way) => {
      const home = way === 'the home' ? o.home : join(o.folder, 'link')
      if (home !== o.home) await symlink(o.home, home)
      const doctor = (...args: string[]): Promise<Ended> =>
        o.with({ env: { OVERMIND_HOME: home } }, 'doctor', ...args)
      // From inside a live mission, so that this home's marks are on both: one is made to look like another's.
      const live = await o.start(`OVERMIND_MISSION_ID=00000000 sleep 61 & echo $!; exec sleep 62`)
      let left = ''
      await o.with(
        { onOutput: (output, command) => ((left = output.trim()), command.interrupt()) },
        'logs',
        '-f',
        live,
      )
      const command = (): Promise<string> => readFile(`/proc/${left}/cmdline`, 'utf8').catch(() => 'gone')

      const { code, stdout } = await doctor()
      expect({ code, stdout }).toEqual({
        code: 1,
        stdout: expect.stringContaining(`${left} (00000000, sleep 61)`),
      })
      expect(await command()).toBe('sleep\u000061\0')
      expect((await doctor('--fix')).stdout).toContain('fixed    leftovers')
      expect(['gone', '']).toContain(await command())
      expect((await o.json<MissionView>('info', live)).status).toBe('running')
      await o.ok('kill', live)
    },
  )

  test('__complete gives ids and names', async () => {
    const id = await o.start('--name', 'completed', 'true')
    expect((await o.ok('__complete')).split('\n')).toEqual(expect.arrayContaining([id, 'completed']))
  })
})

describe('without a daemon', () => {
  describe('what only reads', () => {
    let o: Overmind
    beforeAll(async () => {
      o = await overmind()
    })
    afterAll(async () => {
      await o[Symbol.asyncDispose]()
    })

    test.each([
      ['ps'],
      ['status'],
      ['info', 'x'],
      ['describe', 'x'],
      ['logs'],
      ['logs', 'x'],
      ['events'],
      ['wait', 'x'],
      ['stop', 'x'],
      ['kill', 'x'],
      ['restart', 'x'],
      ['rm', 'x'],
      ['prune'],
      ['monitor'],
      ['ps', '--watch'],
      ['ps', '--json'],
    ])('overmind %s %s starts none', async (...args) => {
      expect(await o(...args)).toEqual({
        code: 1,
        stdout: '',
        stderr: 'Daemon not running. Start with: overmind start\n',
      })
    })

    test('shutdown has nothing to do then', async () => {
      expect(await o.ok('shutdown')).toBe('Daemon is not running\n')
    })
  })

  test('start starts one, shutdown ends it with its missions', async () => {
    await using o = await overmind()
    const started = await o('start')
    expect(started).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^Daemon started \(PID \d+\)\n$/),
      stderr: '',
    })
    await o.start('sleep 60')
    expect(await o.ok('shutdown')).toMatch(/^Daemon stopped \(PID \d+\), 1 mission stopped\n$/)
    expect((await o('ps')).code).toBe(1)
  })

  test('who follows a mission when the daemon is shut down gets its code', async () => {
    await using o = await overmind()
    const line = `trap 'exit 7' TERM; echo up; while :; do sleep 0.05; done`
    await o.ok('start')
    const up = Array.from({ length: 4 }, () => Promise.withResolvers<void>())
    const followed = up.map(({ resolve }) => o.with({ onOutput: () => resolve() }, 'run', '--follow', line))
    await Promise.all(up.map(({ promise }) => promise))
    await o.ok('shutdown')
    for (const each of followed)
      expect(await each).toMatchObject({ code: 7, stderr: expect.stringMatching(/^Started[^\n]+\n$/) })
  })

  test('who follows a mission is told that it goes on when the daemon ends without it', async () => {
    await using o = await overmind()
    await o.ok('start')
    const followed = await o.with(
      { onOutput: (output) => void (output === 'up\n' && o('shutdown', '--keep')) },
      'run',
      '--follow',
      '--name',
      'goes-on',
      'echo up; sleep 60',
    )
    expect(followed).toMatchObject({
      code: 1,
      stdout: 'up\n',
      stderr: expect.stringContaining(
        'the mission goes on without it: overmind start && overmind logs -f goes-on',
      ),
    })
  })

  test('run starts one and says so on stderr', async () => {
    await using o = await overmind()
    const { code, stdout, stderr } = await o('run', 'true')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Started mission/)
    expect(stderr).toMatch(/^Started the daemon \(PID \d+\)\n$/)
  })

  test('several that start at once agree on one', async () => {
    await using o = await overmind()
    const all = await Promise.all([o('start'), o('run', 'true'), o('start'), o('run', 'true')])
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0, 0])
    expect((await o.json<MissionList>('ps')).missions).toHaveLength(2)
  })

  test('shutdown --keep leaves missions to the next daemon', async () => {
    await using o = await overmind()
    const id = await o.start('--name', 'kept', 'sleep 60')
    const before = await o.json<MissionView>('info', id)
    expect(await o.ok('shutdown', '--keep')).toMatch(/^Daemon stopped \(PID \d+\)\n$/)
    expect(await o.ok('doctor')).toContain('1 mission may run on')
    await o.ok('start')
    expect(await o.json<MissionView>('info', id)).toMatchObject({
      status: 'running',
      os_pid: before.os_pid,
      run: 1,
    })
  })

  test.each([
    ['logs', '-f', 'kept'],
    ['logs', '-f', '--tail', '1', 'kept'],
    ['subscribe', '--all', 'kept'],
    ['run', '--follow', '--name', 'other', 'echo up; sleep 60'],
  ])(
    '%s %s that a daemon leaves which keeps its missions says that they go on, and fails',
    async (...args) => {
      await using o = await overmind()
      const id = await o.start('--name', 'kept', 'echo up; sleep 60')
      let shutdown: Promise<string> | undefined
      const onOutput = (all: string): void => {
        if (all.includes('up')) shutdown ??= o.ok('shutdown', '--keep')
      }
      const { code, stderr } = await o.with({ onOutput }, ...args)
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(
          /Error: The daemon went away.* go(es)? on without it.* \(connection_failed\)\n$/,
        ),
      ])
      await shutdown
      await o.ok('start')
      expect((await o.json<MissionView>('info', id)).status).toBe('running')
    },
  )

  test('kill -9 of the daemon ends nothing, and the next start cleans up', async () => {
    await using o = await overmind()
    const id = await o.start('sleep 60')
    const { pid } = await o.json<DaemonStatus>('status')
    process.kill(pid, 'SIGKILL')
    await expect.poll(async () => (await o('ps')).stderr).toContain('Daemon not running')
    expect(await o.ok('doctor')).toContain('as after kill -9')
    await o.ok('start')
    expect((await o.json<MissionView>('info', id)).status).toBe('running')
  })

  test('a daemon that cannot start says why', async () => {
    await using o = await overmind()
    const file = join(o.folder, 'file')
    await writeFile(file, '')
    const { code, stderr } = await o.with({ env: { OVERMIND_HOME: file } }, 'start')
    expect(code).toBe(1)
    expect(stderr).toMatch(/^Error: .+ \(home_not_writable\)\n$/)
    const long = await o.with({ env: { OVERMIND_HOME: join(o.folder, 'x'.repeat(120)) } }, 'start')
    expect(long).toMatchObject({ code: 1, stderr: expect.stringContaining('(home_path_too_long)') })
  })
})

describe('the launcher', () => {
  test('says which Node it needs', async () => {
    await using o = await overmind()
    const launcher = fileURLToPath(new URL('../../bin/overmind.cjs', import.meta.url))
    const old = `Object.defineProperty(process.versions, 'node', { value: '20.19.0' }); await import(${JSON.stringify(launcher)})`
    const args = ['run', '--follow', '--exec', process.execPath, '--input-type=module', '--eval', old]
    const { code, stdout } = await o(...args)
    expect(code).toBe(1)
    expect(stdout).toMatch(/^Error: Overmind needs Node 24 or newer, .+ \(node_too_old\)\n$/)
  })

  test('keeps compiled code in the home, once there is one', async () => {
    await using o = await overmind()
    await o.ok('--version')
    await expect(stat(o.home)).rejects.toThrow('ENOENT')
    await o.ok('start')
    await o.ok('status')
    expect((await stat(join(o.home, 'cache'))).isDirectory()).toBe(true)
  })

  test("keeps the daemon's as well, and before it could be killed", async () => {
    await using o = await overmind()
    await mkdir(o.home, { mode: 0o700 })
    const program = fileURLToPath(new URL('../../../daemon/bin/overmindd.mjs', import.meta.url))
    const daemon = spawn(process.execPath, [program], {
      env: { PATH: process.env['PATH'], OVERMIND_HOME: o.home },
      stdio: 'ignore',
    })
    const files = join(o.home, 'cache/*/*')
    const kept = (): Promise<string[]> => Array.fromAsync(glob(files))
    expect(await eventually(async () => (await kept()).length > 0, { what: files })).toBe(true)
    daemon.kill('SIGKILL')
    await once(daemon, 'exit')
  })
})

describe('help', () => {
  test('overmind alone and --help name all commands', async () => {
    await using o = await overmind()
    const alone = await o.ok()
    expect(alone).toContain('overmind run ')
    expect(await o.ok('--help')).toBe(alone)
    expect(await o.ok('help')).toBe(alone)
    expect(await o.ok('help', 'run')).toBe(await o.ok('run', '--help'))
  })

  test('--version is the version of the package', async () => {
    await using o = await overmind()
    const manifest: unknown = JSON.parse(
      await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
    )
    expect(manifest).toMatchObject({ version: (await o.ok('--version')).trim() })
  })

  test.each(['bash', 'zsh', 'fish'])(
    'completion %s prints a script that knows commands and flags',
    async (shell) => {
      await using o = await overmind()
      const script = await o.ok('completion', shell)
      expect(script).toContain('max-restarts')
      expect(script).toContain('overmind __complete')
      expect((await o.with({ env: { SHELL: `/bin/${shell}` } }, 'completion')).stdout).toBe(script)
      expect(await o.json('completion', shell)).toEqual({ shell, script })
    },
  )
})
