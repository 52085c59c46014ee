import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createRuntime, type Mission } from '../../src/index.ts'
import { attachedTo, connected, screenModel } from '../support/attached.ts'
import { eventually, soon } from '../support/eventually.ts'
import { hostProgram } from '../support/host-program.ts'
import { temporaryHome } from '../support/home.ts'
import { bench, storyOf, textOf, textSoFar } from '../support/missions.ts'
import { openSuccession } from '../support/succession.ts'
import { end, environmentOf, isAlive, missionProcesses, procFile } from '../support/processes.ts'

const terminal = { columns: 80, rows: 24 }

/** The process that keeps a mission's terminal. */
function programOf(mission: string): number {
  const pid = missionProcesses(mission).find(
    (pid) =>
      procFile(pid, 'cmdline')?.split('\0')[0] === process.execPath &&
      procFile(pid, 'cmdline')?.includes('terminal/main'),
  )
  if (pid === undefined) throw new Error(`mission ${mission} has no terminal program`)
  return pid
}

function recordingOf(mission: Mission): string {
  const file = mission.outputFiles().findLast(({ stream }) => stream === 'recording')
  if (file === undefined) throw new Error('there is no recording')
  return file.path
}

type Event = readonly [seconds: number, type: 'o' | 'r', data: string]

function play(path: string): { readonly header: Record<string, unknown>; readonly events: Event[] } {
  const [header = '', ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n')
  return {
    header: JSON.parse(header) as Record<string, unknown>,
    events: lines.map((line) => JSON.parse(line) as Event),
  }
}

test('a program on a terminal sees one of the size that was asked for, and nothing of its keeper', async () => {
  await using b = await bench()
  const mission = await b.runtime.start({
    command:
      '[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && stty size; echo "$TERM|$NODE_OPTIONS|$COLUMNS|$TMUX|"; env; exit 3',
    terminal: { columns: 101, rows: 31 },
    env: {
      PATH: process.env['PATH']!,
      NODE_OPTIONS: '--no-such-option',
      COLUMNS: '9',
      TMUX: 'x',
      TERM: 'dumb',
    },
  })
  expect(await mission.exited()).toMatchObject({ code: 3, class: 'crashed', receipt: { left: [] } })
  const other = await b.runtime.start({
    command: ['/usr/bin/env'],
    terminal,
    env: { PATH: process.env['PATH']!, 'odd-name': 'kept' },
  })
  await other.exited()
  expect(await textOf(other)).toContain('odd-name=kept\n')
  const text = await textOf(mission)
  expect(text).toMatch(/^31 101\nxterm-256color\|--no-such-option\|\|\|\n/)
  expect(text.match(/^OVERMIND_\w+/gm)?.toSorted()).toEqual([
    'OVERMIND_HOME',
    'OVERMIND_MISSION_ID',
    'OVERMIND_MISSION_NAME',
    'OVERMIND_RUN',
  ])
})

test.each([
  ['an exit code', 'exit 7', 7],
  ['a signal', 'kill -9 $$', 137],
  ['a program that does not exist', 'exec nosuchprogram', 127],
])('its exit code is the truth after %s', async (_, command, code) => {
  await using b = await bench()
  const mission = await b.runtime.start({ command, terminal })
  expect(await mission.exited()).toMatchObject({ code })
})

test('a program that is gone when a run begins is an end that is not tried again', async () => {
  await using b = await bench()
  const mission = await b.runtime.start({ command: 'exec /nonexistent/program', terminal, restart: 'always' })
  expect(await mission.exited()).toMatchObject({ class: 'failed-to-start', run: 1 })
})

test('an id of digits alone is no port', async () => {
  // The first id of this randomness is 00000000.
  await using b = await bench({ random: () => 0 })
  const mission = await b.runtime.start({ command: 'echo ready; read -r end', terminal })
  using person = await attachedTo(b.home.path, mission.id)
  await person.shows('ready')
  expect(mission.id).toMatch(/^\d+$/)
  await mission.kill()
})

test('who attaches sees the screen as it is, and what is typed reaches the program', async () => {
  await using b = await bench()
  const mission = await b.runtime.start({
    command: 'echo ready; while read -r line; do echo "<$line>"; done',
    terminal,
  })
  using person = await attachedTo(b.home.path, mission.id)
  await person.shows('ready')
  person.type('hello\r')
  await person.shows('<hello>')
  person.type('\x04')
  expect(await person.hears('exit')).toMatchObject({ code: 0 })
  expect(await mission.exited()).toMatchObject({ code: 0 })
})

test('a redraw is the screen to the last cell: alternate screen, colours, cursor, half a sequence', async () => {
  await using b = await bench()
  const drawing = [
    String.raw`printf 'before\r\n'`,
    String.raw`printf '\033[?1049h\033[2J\033[3;5H\033[1;31;44mred\033[0m \033[4mline\033[0m \346\227\245\346\234\254'`,
    String.raw`printf '\033[10;1H\033[38;2;1;2;3mtrue colour\033[0m\033[5;9H\033[3'`,
  ].join('; ')
  const mission = await b.runtime.start({
    command: `stty raw -echo; head -c 1 >/dev/null; ${drawing}; head -c 1 >/dev/null; printf '2mgreen'; head -c 1 >/dev/null`,
    terminal,
  })
  using early = await attachedTo(b.home.path, mission.id)
  early.type('1')
  await early.shows('true colour')
  using late = await attachedTo(b.home.path, mission.id, { mode: 'watch' })
  await late.shows('true colour')
  early.type('2')
  await late.shows('green')
  await early.shows('green')
  expect(late.screen.exact()).toBe(early.screen.exact())
  expect(late.screen.text()).not.toContain('2mgreen')
  expect(late.screen.text()).toContain('red line 日本')
})

test('several people see the same, and the size is that of who was active last', async () => {
  await using b = await bench()
  const mission = await b.runtime.start({
    command: `trap 'stty size' WINCH; echo ready; while :; do read -r line && echo "<$line>"; done`,
    terminal,
  })
  using ann = await attachedTo(b.home.path, mission.id)
  await ann.shows('ready')
  ann.send({ type: 'resize', size: { columns: 100, rows: 30 } })
  await ann.shows('30 100')
  using bob = await attachedTo(b.home.path, mission.id, { columns: 60, rows: 20 })
  await bob.shows('20 60')
  ann.type('from ann\r')
  await bob.shows('<from ann>')
  await eventually(() => ann.messages.filter(({ type }) => type === 'size').length >= 3)
  expect(ann.messages.findLast((message) => message.type === 'size')).toMatchObject({
    size: { columns: 100, rows: 30 },
  })
  expect(mission.attached()).toEqual({ control: 2, watch: 0 })
  // Who was active before has it again.
  ann[Symbol.dispose]()
  await eventually(() => bob.messages.findLast((message) => message.type === 'size')?.size.columns === 60)
  await eventually(() => mission.attached().control === 1)
  bob.send({ type: 'resize', size: { columns: 70, rows: 21 } })
  await bob.shows('21 70')
})

test('who watches can neither type nor resize', async () => {
  await using b = await bench()
  const mission = await b.runtime.start({
    command: 'while read -r line; do echo "<$line>"; stty size; done',
    terminal,
  })
  using watcher = await attachedTo(b.home.path, mission.id, { mode: 'watch', columns: 50, rows: 10 })
  watcher.type('from the watcher\r')
  watcher.send({ type: 'resize', size: { columns: 40, rows: 9 } })
  watcher.send({ type: 'refresh' })
  await eventually(() => watcher.messages.filter(({ type }) => type === 'redraw').length === 2)
  using person = await attachedTo(b.home.path, mission.id)
  person.type('from the person\r')
  await watcher.shows('24 80')
  expect(watcher.screen.text()).not.toContain('watcher')
  expect(mission.attached()).toEqual({ control: 1, watch: 1 })
})

test('one that reads slowly is shown the screen when it has caught up', async () => {
  await using b = await bench()
  const mission = await b.runtime.start({ command: 'read go; seq 1 400000; echo done; read end', terminal })
  using slow = await attachedTo(b.home.path, mission.id, { mode: 'watch' })
  using quick = await attachedTo(b.home.path, mission.id)
  slow.pause()
  quick.type('\r')
  await quick.shows('done')
  slow.resume()
  await slow.shows('done')
  expect(slow.messages.filter(({ type }) => type === 'redraw').length).toBeGreaterThan(1)
  expect(slow.screen.exact()).toBe(quick.screen.exact())
})

test('it goes on while its supervisor is killed, and so does who is attached', async () => {
  await using home = await temporaryHome()
  const program = hostProgram(home.path, [
    { command: 'while read -r line; do echo "<$line>"; [ "$line" = end ] && exit 5; done', terminal: {} },
  ])
  await program.ready
  const [id = ''] = program.started
  using person = await attachedTo(home.path, id)
  person.type('one\r')
  await person.shows('<one>')
  await program.kill()
  person.type('two\r')
  await person.shows('<two>')
  {
    await using runtime = await createRuntime({ home: home.path })
    // Its store was in memory: all that is known of it is what its keeper carries.
    const mission = runtime.get(id)
    expect(mission.view()).toMatchObject({
      status: 'running',
      spec: { terminal: { columns: 80, rows: 24 }, command: { kind: 'shell' } },
    })
    person.type('end\r')
    expect(await person.hears('exit')).toMatchObject({ code: 5 })
    expect(await soon(mission.exited(), 'the exit')).toMatchObject({ code: 5 })
    expect(await textOf(mission)).toContain('<two>')
  }
})

test('what its keeper carries of it says the command that was asked for, however long', async () => {
  await using home = await temporaryHome()
  const command = ['/bin/sh', '-c', `read -r end; exit 6 # ${'x'.repeat(125_000)}`]
  const program = hostProgram(home.path, [{ command, terminal: {} }])
  await program.ready
  const [id = ''] = program.started
  using person = await attachedTo(home.path, id)
  await program.kill()
  await using runtime = await createRuntime({ home: home.path })
  expect(runtime.get(id).view().spec.command).toEqual({ kind: 'exec', argv: command })
  person.type('\r')
  expect(await soon(runtime.get(id).exited(), 'the exit')).toMatchObject({ code: 6 })
})

test('the end of the terminal program is the end of the run: the command is hung up on', async () => {
  await using b = await bench()
  const mission = await b.runtime.start({ command: 'echo ready; exec sleep 1000', terminal })
  using person = await attachedTo(b.home.path, mission.id)
  await person.shows('ready')
  end(programOf(mission.id))
  expect(await soon(mission.exited(), 'the end')).toMatchObject({ code: 137, receipt: { left: [] } })
  await person.closed
  await eventually(() => missionProcesses(mission.id).length === 0)
})

test('stopping reaches the program, whatever is between', async () => {
  await using b = await bench()
  const mission = await b.runtime.start({
    command: 'trap "echo bye; exit 42" TERM; echo ready; while :; do sleep 0.05; done',
    terminal,
  })
  await eventually(async () => (await textSoFar(mission)).includes('ready'))
  expect(await mission.stop()).toMatchObject({ class: 'stopped', code: 42, receipt: { left: [] } })
  expect(await textOf(mission)).toContain('bye')
})

test('a mission that is stopped the moment it is started ends at once', async () => {
  await using b = await bench()
  const missions = await Promise.all(
    Array.from({ length: 6 }, () =>
      b.runtime.start({ command: 'exec sleep 1000', terminal, stopTimeoutMs: 60_000 }),
    ),
  )
  const exits = await soon(Promise.all(missions.map((mission) => mission.stop())), 'the stops')
  expect(exits.map(({ class: kind }) => kind)).toEqual(missions.map(() => 'stopped'))
  expect(b.home.processes()).toEqual([])
})

test('what a program leaves behind is ended, though it left the terminal', async () => {
  await using b = await bench()
  const mission = await b.runtime.start({
    command: 'setsid sleep 1000 </dev/null >/dev/null 2>&1 & trap "" HUP; sleep 1000 & exit 0',
    terminal,
    stopTimeoutMs: 100,
  })
  expect(await mission.exited()).toMatchObject({ class: 'completed', receipt: { left: [] } })
  expect(b.home.processes()).toEqual([])
  expect(await storyOf(mission)).toContain('run.ending')
})

test('garbage from a client costs that client its connection and nobody else anything', async () => {
  await using b = await bench()
  const mission = await b.runtime.start({ command: 'while read -r line; do echo "<$line>"; done', terminal })
  using person = await attachedTo(b.home.path, mission.id)
  const garbage = [
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.alloc(100_000, 0xff),
    Buffer.from('h\0\0\0\x02{}'),
    Buffer.from('h\0\0\0\x03nul'),
    Buffer.from('r\0\0\0\x1b{"columns":-1,"rows":1e999}'),
  ]
  for (const bytes of garbage) {
    using client = await connected(b.home.path, mission.id)
    client.raw(bytes)
    await client.closed
    expect(client.messages.map(({ type }) => type)).toContain('refused')
  }
  person.type('still here\r')
  await person.shows('<still here>')
})

test('a program that asks its terminal gets an answer while nobody is there', async () => {
  await using b = await bench()
  const mission = await b.runtime.start({
    command: String.raw`stty raw -echo; printf '\033[6n'; head -c 6 | od -An -c`,
    terminal,
  })
  await mission.exited()
  expect((await textOf(mission)).replaceAll(/\s+/g, ' ')).toContain(String.raw`033 [ 1 ; 1 R`)
})

test('the log has lines as a person saw them, also of what is no text', async () => {
  await using b = await bench()
  const mission = await b.runtime.start({
    command: String.raw`printf 'progress 1\rprogress 2\r\n\033[31mred\033[0m\r\n\377\376bad\r\n日本 wide\r\n%0100d\r\nlast' 0`,
    terminal,
  })
  await mission.exited()
  const text = await textOf(mission)
  expect(text).toMatch(/^progress 2\nred\n/)
  expect(text).toMatch(/bad\n日本 wide\n0{100}\nlast\n$/)
})

test('lines come while the program runs, and the last picture of the alternate screen when it is left', async () => {
  await using b = await bench()
  const mission = await b.runtime.start({
    command: String.raw`echo first; sleep 0.6; echo second; read -r go; printf '\033[?1049h\033[2J\033[Hpicture'; read -r go; printf '\033[?1049l'; echo after; read -r go`,
    terminal,
  })
  using person = await attachedTo(b.home.path, mission.id)
  await eventually(async () => (await textSoFar(mission)).includes('first\nsecond\n'))
  person.type('\r')
  await person.shows('picture')
  person.type('\r')
  await eventually(async () => (await textSoFar(mission)).includes('after\n'))
  expect(await textSoFar(mission)).toMatch(/^first\nsecond\n+picture\n+after\n/)
})

test('the recording plays to the same screen, with what was shown and not what was typed', async () => {
  await using b = await bench()
  const mission = await b.runtime.start({
    command: 'stty -echo; echo password:; read -r secret; stty echo; echo thanks; read -r end',
    terminal,
  })
  using person = await attachedTo(b.home.path, mission.id, { columns: 60, rows: 15 })
  await person.shows('password:')
  person.type('hunter2\r')
  await person.shows('thanks')
  const path = recordingOf(mission)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readFileSync(path, 'utf8')).not.toContain('hunter2')
  const { header, events } = play(path)
  expect(header).toMatchObject({ version: 2, width: 80, height: 24, title: mission.name })
  const screen = screenModel()
  for (const [, type, data] of events) {
    if (type === 'o') screen.feed(data)
    else screen.resize(...(data.split('x').map(Number) as [number, number]))
  }
  await eventually(() => screen.exact() === person.screen.exact())
  expect(events.some(([, type, data]) => type === 'r' && data === '60x15')).toBe(true)
  person.type('\r')
  await mission.exited()
  await b.runtime.remove(mission.id)
  expect(() => statSync(path)).toThrow('ENOENT')
})

test('a flood costs bounded memory and disk, and not its last line', async () => {
  await using b = await bench()
  const limit = 2 ** 20
  const mission = await b.runtime.start({
    command: 'read -r go; seq 1 600000; echo the end',
    terminal,
    outputLimitBytes: limit,
  })
  using person = await attachedTo(b.home.path, mission.id)
  const program = programOf(mission.id)
  let most = 0
  const look = setInterval(() => {
    most = Math.max(most, Number(/VmHWM:\s+(\d+)/.exec(procFile(program, 'status') ?? '')?.[1] ?? 0))
  }, 50)
  person.type('\r')
  expect(await mission.exited()).toMatchObject({ code: 0 })
  clearInterval(look)
  expect(most).toBeGreaterThan(0)
  expect(most).toBeLessThan(250 * 1024)
  const files = mission.outputFiles()
  const recordings = files.filter(({ stream }) => stream === 'recording')
  expect(recordings.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(limit * 1.2)
  const log = await textOf(mission, { from: files[0]!.bytes - 100 })
  expect(log).toContain('599999\n600000\nthe end\n')
  const { header, events } = play(recordingOf(mission))
  const screen = screenModel(Number(header['width']), Number(header['height']))
  for (const [, , data] of events) screen.feed(data)
  await eventually(() => screen.text().endsWith('600000\nthe end'))
})

test('who is attached keeps a mission from being stalled, who watches does not', async () => {
  await using b = await bench()
  const mission = await b.runtime.start({ command: 'exec sleep 1000', terminal, activityTimeoutMs: 2000 })
  const person = await attachedTo(b.home.path, mission.id)
  await new Promise((resolve) => setTimeout(resolve, 3000))
  expect(mission.view().status).toBe('running')
  using watcher = await attachedTo(b.home.path, mission.id, { mode: 'watch' })
  person[Symbol.dispose]()
  expect(await soon(mission.exited(), 'the stall')).toMatchObject({ class: 'stalled' })
  await watcher.closed
})

test('a program that draws without writing lines is not silent', async () => {
  await using b = await bench()
  const mission = await b.runtime.start({
    command: String.raw`for i in 1 2 3 4 5 6 7 8 9 10 11 12; do printf '\033[H%s' $i; sleep 0.3; done`,
    terminal,
    activityTimeoutMs: 2500,
  })
  expect(await mission.exited()).toMatchObject({ class: 'completed' })
})

test('everyone can be detached, also who does not listen', async () => {
  await using b = await bench()
  const mission = await b.runtime.start({ command: 'yes', terminal })
  using deaf = await attachedTo(b.home.path, mission.id)
  deaf.pause()
  using other = await connected(b.home.path, mission.id)
  other.send({ type: 'detach' })
  await other.hears('detached')
  await eventually(() => mission.attached().control === 0)
  deaf.resume()
  await soon(deaf.closed, 'the deaf one')
  expect(mission.view().status).toBe('running')
  await mission.kill()
})

test('what was typed for a program that does not read waits, and is bounded', async () => {
  await using b = await bench()
  const mission = await b.runtime.start({
    command: 'stty raw -echo; echo ready; head -c 1 >/dev/null; head -c 2000000 | wc -c',
    terminal,
  })
  using person = await attachedTo(b.home.path, mission.id)
  await person.shows('ready')
  for (let piece = 0; piece < 2001; piece += 1) person.type('x'.repeat(1000))
  await person.shows('2000000')
  expect(mission.view().status).not.toBe('crashed')
})

test('neither file nor socket of a terminal is for anybody else', async () => {
  await using b = await bench()
  const mission = await b.runtime.start({ command: 'read -r end', terminal })
  using person = await attachedTo(b.home.path, mission.id)
  await person.hears('attached')
  expect(person.attached).toEqual({ control: 1, watch: 0 })
  const folder = join(b.home.path, 'tty')
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  for (const name of [mission.id, `${mission.id}.attached`]) {
    expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
  }
  expect(environmentOf(programOf(mission.id)).length).toBeGreaterThan(0)
  expect(isAlive(programOf(mission.id))).toBe(true)
  await mission.kill()
})

test('a terminal that is killed leaves no socket behind, also when the supervisor went with it', async () => {
  await using succession = await openSuccession()
  const { home, runtime, takeOver } = succession
  const folder = join(home.path, 'tty')
  const killed = await runtime().start({ command: 'read -r end', terminal })
  using person = await attachedTo(home.path, killed.id)
  await person.hears('attached')
  await killed.kill()
  await eventually(() => readdirSync(folder).length === 0)

  const struck = await runtime().start({ command: 'read -r end', terminal })
  using other = await attachedTo(home.path, struck.id)
  await other.hears('attached')
  await runtime().close({ missions: 'keep' })
  for (const pid of missionProcesses(struck.id)) end(pid)
  await eventually(() => missionProcesses(struck.id).length === 0)
  expect(readdirSync(folder)).toContain(struck.id)
  await takeOver()
  await runtime().get(struck.id).exited()
  await eventually(() => readdirSync(folder).length === 0)
})
