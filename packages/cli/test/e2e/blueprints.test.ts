import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../../../core/test/support/eventually.ts'
import type { ChangeView, MissionList, PipelineView } from '@overmind/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { overmind, type Overmind } from './overmind.ts'

const REPORT = `
[vars]
topic = "OTP"

[agents.researcher]
command = "echo about '{{ vars.topic }}'"

[agents.writer]
command = "echo summary of {{ researcher.result }}"
depends_on = ["researcher"]
`

describe('blueprints from the command line', () => {
  let o: Overmind
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(join(o.folder, name), text)
    return name
  }

  beforeAll(async () => {
    o = await overmind()
    await file('report.toml', REPORT)
  })
  afterAll(async () => {
    await o[Symbol.asyncDispose]()
  })

  test('are shown and checked without a daemon', async () => {
    expect(await o.ok('agents', 'report.toml')).toBe('researcher\nwriter (depends on: researcher)\n')
    expect(await o.ok('validate', 'report.toml')).toBe('report.toml is valid: 2 agents\n')
    expect(await o.ok('graph', 'report.toml')).toContain('writer ← researcher')
    expect(await o.ok('graph', '--format', 'mermaid', 'report.toml')).toMatch(/^flowchart TD\n/)
    expect(await o('status')).toMatchObject({ code: 1 })
  })

  test('are shown with their teams', async () => {
    const crew = await file(
      'crew.toml',
      '[teams.crew]\nstrategy = "rest_for_one"\n[agents.a]\ncommand = "x"\nteam = "crew"\n' +
        '[agents.b]\ncommand = "x"\nteam = "crew"\ndepends_on = ["a"]\n',
    )
    expect(await o.ok('agents', crew)).toBe('a (team: crew)\nb (team: crew; depends on: a)\n')
    expect(await o.ok('graph', '--format', 'mermaid', crew)).toContain('subgraph t0["crew, rest_for_one"]')
  })

  test('are compared with what was applied by nobody but a daemon, and none is started for that', async () => {
    for (const args of [['diff'], ['apply', '--dry-run']]) {
      expect(await o(...args, 'report.toml')).toEqual({
        code: 1,
        stdout: '',
        stderr: 'Daemon not running. Start with: overmind start\n',
      })
    }
  })

  test('say all that is wrong, by line and column, and start nothing', async () => {
    const bad = await file(
      'bad.toml',
      '[agents.a]\ncomand = "x"\ndepends_on = ["b"]\n\n[agents.b]\ncommand = "y"\ndepends_on = ["a"]\n',
    )
    for (const command of ['validate', 'agents', 'graph', 'apply']) {
      const { code, stdout, stderr } = await o(command, bad)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toContain('bad.toml:2:1: agents.a.comand: no such field')
      expect(stderr).toContain('did you mean "command"?')
      expect(stderr).toMatch(/a → b → a|b → a → b/)
      expect(stderr).toMatch(/\nError: bad\.toml cannot be applied \(invalid_blueprint\)\n$/)
    }
    expect(await o('apply', 'nowhere.toml')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('nowhere.toml cannot be read: ENOENT'),
    })
    expect(await o('status')).toMatchObject({ code: 1 })
  })

  test('are applied, changed and taken down', async () => {
    await o.ok('start')
    expect(await o.ok('apply', '--dry-run', 'report.toml')).toBe('+ researcher\n+ writer\n')
    const first = await o.ok('apply', '--wait', 'report.toml')
    expect(first).toMatch(
      /^Started pipeline ([0-9a-f]{8}) \(report\)\nPipeline \1 finished: stopped \(exit code 0\)\n$/,
    )
    expect(await o.ok('logs', 'report.writer')).toBe('summary of about OTP\n')
    expect(await o.ok('ps', '--tree')).toMatch(
      /report +blueprint +stopped.*\n.*└─ report\.researcher +task .*\n.*└─ report\.writer +task /,
    )
    expect(await o.ok('apply', 'report.toml')).toMatch(
      /^Pipeline [0-9a-f]{8} \(report\) is as it is declared: stopped\n$/,
    )
    expect(await o.ok('diff', 'report.toml')).toBe('  researcher\n  writer\n')
    expect(await o('diff', 'none.toml')).toMatchObject({ code: 1 })
    expect(await o('diff', '--set', 'topic=xstate', 'report.toml')).toMatchObject({
      code: 3,
      stdout: '~ researcher\n~ writer\n',
    })
    const changed = await o.json<PipelineView>('apply', '--set', 'topic=xstate', 'report.toml')
    expect(changed).toMatchObject({
      outcome: 'changed',
      mission: { name: 'report', type: 'blueprint', os_pid: null },
    })
    await o.ok('wait', changed.mission.id)
    expect(await o.ok('logs', 'report.writer')).toBe('summary of about xstate\n')
    expect(
      await o.json<readonly ChangeView[]>('apply', '--dry-run', '--set', 'topic=xstate', 'report.toml'),
    ).toEqual([
      { agent: 'researcher', change: 'unchanged' },
      { agent: 'writer', change: 'unchanged' },
    ])
    expect(await o.ok('down', 'report.toml')).toBe('Took down pipeline report: 6 missions forgotten\n')
    expect(await o('down', 'report')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('(not_found)'),
    })
  })

  test('whose agent fails end with 1, and say who was skipped', async () => {
    await file(
      'fails.toml',
      '[agents.a]\ncommand = "exit 3"\n[agents.b]\ncommand = "true"\ndepends_on = ["a"]\n',
    )
    expect(await o('apply', '--wait', 'fails.toml')).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/finished: crashed \(exit code 1\)\n$/),
    })
    expect(await o.ok('logs', 'fails')).toContain(
      '[b] skipped: a failed\ndone: 0 completed, 1 failed, 1 skipped\n',
    )
    expect(await o.ok('describe', 'fails')).toContain('done: 0 completed, 1 failed, 1 skipped')
    await o.ok('down', 'fails')
  })

  test.each([
    [['apply', '--wait', '--dry-run', 'report.toml'], 2],
    [['apply'], 2],
    [['apply', '--set', 'topic', 'report.toml'], 2],
    [['apply', '--set', 'colour=red', 'report.toml'], 1],
    [['graph', '--format', 'svg', 'report.toml'], 2],
    [['ritual', 'true'], 2],
    [['ritual', '--schedule', 'every day', 'true'], 1],
    [['ritual', '--schedule', '@daily', '--timezone', 'Mars/Olympus', 'true'], 1],
    [['ritual', '--schedule', '@daily', '--overlap', 'both', 'true'], 2],
  ])('%j exits with %d', async (words, code) => {
    const ended = await o(...words)
    expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code, stdout: '' })
    expect(ended.stderr).toContain('Error: ')
    expect((await o.json<MissionList>('ps', '-a')).missions).toEqual([])
  })

  test('a change of copies that fails is paused, and said so to whoever waits', async () => {
    const fleet = (command: string): Promise<string> =>
      file(
        'fleet.toml',
        `[agents.web]\ncommand = "${command}"\nreplicas = 2\nmax_restarts = 1\nbackoff = 0.01\nready = { output = "ready" }\n`,
      )
    await o.ok('apply', await fleet('echo ready; sleep 1000'))
    for (const copy of ['web-1', 'web-2'])
      await eventually(async () => (await o.ok('logs', 'fleet')).includes(`[${copy}] ready`))
    const paused = '[web] paused: web-1 failed; web-2 of the earlier description goes on\n'
    expect(await o('apply', '--wait', await fleet('exit 1'))).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('in the place of the one before: 2 changed'),
      stderr: paused,
    })
    expect(await o.ok('describe', 'fleet')).toContain('The change of web is paused: web-1 failed; web-2')
    expect(await o('apply', '--wait', await fleet('exit 1'))).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('again, for what had failed'),
      stderr: paused,
    })
    await o.ok('down', 'fleet')
  })

  test('who waits for the second run of a pipeline hears nothing of a pause in the first', async () => {
    const copies = (command: string): Promise<string> =>
      file('twice.toml', `[agents.web]\ncommand = "${command}"\nreplicas = 2\nrestart = "never"\n`)
    const mended = join(o.folder, 'mended')
    await o.ok('apply', await copies('sleep 1000'))
    await eventually(async () => (await o.ok('describe', 'twice')).includes('At work: web-1 and web-2.'))
    const next = await copies(`test -e ${mended}`)
    expect(await o('apply', '--wait', next)).toMatchObject({ code: 1 })
    await o.ok('stop', 'twice')
    await file('mended', '')
    expect(await o('apply', '--wait', next)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('again, for what had failed'),
      stderr: '',
    })
    await o.ok('down', 'twice')
  })

  test('copies are scaled while they run', async () => {
    await file('shop.toml', '[agents.web]\ncommand = "sleep 1000"\nreplicas = 2\n')
    await o.ok('apply', 'shop.toml')
    await eventually(async () => (await o.ok('describe', 'shop')).includes('At work: web-1 and web-2.'))
    expect(await o.ok('scale', 'shop', 'web=3')).toBe('+ web-3\n')
    expect(await o.ok('scale', 'shop', 'web=1')).toBe('- web-2\n- web-3\n')
    const running = async (): Promise<readonly string[]> =>
      (await o.json<MissionList>('ps', '--filter', 'status=running', '--filter', 'type=task')).missions.map(
        ({ name }) => name,
      )
    await eventually(async () => (await running()).length === 1)
    expect(await running()).toEqual(['shop.web-1'])
    expect(await o('scale', 'shop', 'db=1')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('The blueprint has no agent db'),
    })
    expect(await o('scale', 'shop', 'web')).toMatchObject({ code: 2 })
    await o.ok('down', 'shop')
  })

  test('rituals start missions by the clock', async () => {
    const started = await o.ok(
      'ritual',
      '--name',
      'tick',
      '--schedule',
      '* * * * * *',
      '--keep',
      '2',
      '--label',
      'for=clock',
      'echo at work',
    )
    expect(started).toMatch(/^Started ritual [0-9a-f]{8} \(tick\)\n$/)
    const log = await eventually(async () => {
      const said = await o.ok('logs', 'tick')
      return /completed\n[^]*completed\n/.test(said) && said
    })
    expect(log).toMatch(
      /^begun: due at .*Z for the first time\n\[.*Z\] started as tick\.\d{8}-\d{6} \([0-9a-f]{8}\)\n/,
    )
    const child = (await o.json<MissionList>('ps', '--filter', 'label=for=clock')).missions.at(-1)
    expect(child).toMatchObject({ type: 'task', command: 'echo at work' })
    await o.ok('stop', 'tick')
    const after = await o.ok('logs', 'tick')
    await sleep(1500)
    expect((await o.ok('logs', 'tick')).split('started').length).toBe(after.split('started').length)
  })
})
