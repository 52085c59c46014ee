import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../../core/test/support/eventually.ts'
import type { Person } from '../../../core/test/support/person.ts'
import { type Overmind, overmind, sitsAt as sitsAtCommand, type Size } from './overmind.ts'

const ECHO = 'echo ready; while read -r line; do echo "<$line>"; [ "$line" = end ] && exit 5; done'
const CTRL_BACKSLASH = '\x1c'

let om: Overmind
beforeAll(async () => {
  om = await overmind()
})
afterAll(() => om[Symbol.asyncDispose]())

const sitsAt = (args: readonly string[], size?: Size): Person => sitsAtCommand(om, args, size)

async function daemonPid(): Promise<number> {
  return (await om.json<{ pid: number }>('status')).pid
}

test('run --attach sits down at the program, and ends with its code', async () => {
  await using ann = sitsAt(['run', '--attach', ECHO], { columns: 90, rows: 20 })
  await ann.shows('ready')
  ann.type('hello\r')
  await ann.shows('<hello>')
  ann.type('end\r')
  expect(await ann.ended).toBe(5)
  expect(ann.seen).toContain('ended with exit code 5')
})

test('a program that ends before anybody sat down is shown as it was', async () => {
  await using ann = sitsAt(['run', '--attach', 'echo gone already; exit 4'])
  expect(await ann.ended).toBe(4)
  expect(ann.seen).toContain('gone already')
})

test('attach shows how to leave; leaving lets the mission go on, and gives the terminal back as it was', async () => {
  const draws = String.raw`printf '\033[?1049h\033[?25l\033[?1003;1006h\033[?2004h\033[2J\033[Hdrawn'; exec sleep 1000`
  const id = await om.start('--tty', '--name', 'draws', draws)
  await using ann = sitsAt(['attach', 'draws'])
  await ann.shows('drawn')
  await ann.shows('detach with ctrl-\\')
  ann.type(CTRL_BACKSLASH)
  expect(await ann.ended).toBe(0)
  await ann.shows(`Detached from mission ${id}`)
  // The terminal's own model has what a terminal has at first.
  expect(ann.screen.exact()).not.toMatch(/\[\?(?:1049|1003|2004)h/)
  const last = (mode: string): string | undefined =>
    ann.seen.match(new RegExp(String.raw`\x1b\[\?${mode}[hl]`, 'g'))?.at(-1)
  expect(['1049', '1003', '1006', '2004'].map((mode) => last(`(?:\\d+;)?${mode}`)?.at(-1))).toEqual([
    'l',
    'l',
    'l',
    'l',
  ])
  expect(last('25')).toBe('\x1b[?25h')
  expect(await om.json('info', id)).toMatchObject({ status: 'running', terminal: { columns: 80, rows: 24 } })
  await om.ok('kill', id)
})

test('other keys may be chosen to leave with', async () => {
  const id = await om.start('--tty', ECHO)
  await using ann = sitsAt(['attach', '--detach-keys', 'ctrl-p,ctrl-q', id])
  await ann.shows('ready')
  ann.type('\x10\x11')
  expect(await ann.ended).toBe(0)
  await om.ok('kill', id)
})

test('the screen follows the size of the person in front of it', async () => {
  const id = await om.start('--tty', 'echo ready; while read -r line; do stty size; done')
  await using ann = sitsAt(['attach', id], { columns: 70, rows: 18 })
  await ann.shows('ready')
  ann.type('\r')
  await ann.shows('18 70')
  ann.resize(100, 30)
  // The news of it takes its way through both programs.
  await eventually(() => {
    ann.type('\r')
    return ann.screen.text().includes('30 100')
  })
  await om.ok('kill', id)
  expect(await ann.ended).toBe(137)
})

test('killing the daemon disturbs nobody, and attaching needs none', async () => {
  const id = await om.start('--tty', '--name', 'outlives', ECHO)
  await using ann = sitsAt(['attach', 'outlives'])
  await ann.shows('ready')
  process.kill(await daemonPid(), 'SIGKILL')
  ann.type('still here\r')
  await ann.shows('<still here>')
  await using bob = sitsAt(['attach', 'outlives'])
  await bob.shows('<still here>')
  await using eve = sitsAt(['attach', '--read-only', id.slice(0, 5)])
  await eve.shows('<still here>')
  bob.type('and me\r')
  for (const each of [ann, bob, eve]) await each.shows('<and me>')
  expect((await om('attach', '--read-only', 'nobody')).stderr).toContain('(not_found)')
  await om.ok('start')
  expect(await om.json('describe', id)).toMatchObject({ attached: { control: 2, watch: 1 } })
  eve.type('\x03')
  expect(await eve.ended).toBe(0)
  ann.type('end\r')
  expect(await ann.ended).toBe(5)
  expect(await bob.ended).toBe(5)
  expect(await om.json('wait', id).catch(() => om.json('info', id))).toMatchObject({ exit_code: 5 })
  expect(await om.ok('logs', id)).toContain('<and me>')
})

test('detach frees a terminal from everyone, also from one that hangs', async () => {
  const id = await om.start('--tty', ECHO)
  await using ann = sitsAt(['attach', id])
  await using bob = sitsAt(['attach', id])
  await ann.shows('ready')
  await bob.shows('ready')
  bob.kill('SIGSTOP')
  expect(await om.ok('detach', id)).toBe(`Detached everyone from mission ${id}\n`)
  expect(await ann.ended).toBe(0)
  await eventually(async () => {
    const { attached } = await om.json<{ attached: { control: number } }>('describe', id)
    return attached.control === 0
  })
  bob.kill('SIGCONT')
  expect(await bob.ended).toBe(0)
  await om.ok('kill', id)
})

test('watching works into a pipe, typing does not', async () => {
  const id = await om.start('--tty', 'read -r go; echo seen; exit 3')
  const watching = om.with({}, 'attach', '--read-only', id)
  await eventually(async () => {
    const { attached } = await om.json<{ attached: { watch: number } }>('describe', id)
    return attached.watch === 1
  })
  await using ann = sitsAt(['attach', id])
  await ann.shows('detach with')
  ann.type('\r')
  const { code, stdout } = await watching
  expect(stdout).toContain('seen')
  expect(code).toBe(3)
  const refused = await om('attach', id)
  expect(refused).toMatchObject({ code: 1 })
  expect(refused.stderr).toContain('(not_interactive)')
})

test('what is on no terminal, or no longer, says what to do', async () => {
  const plain = await om.start('--name', 'plain', 'exec sleep 1000')
  const { code, stderr } = await om('attach', '--read-only', 'plain')
  expect(code).toBe(1)
  expect(stderr).toMatch(/overmind logs -f plain.*overmind run --tty.*\(not_terminal\)/)
  await om.ok('kill', plain)
  const over = await om.start('--tty', '--name', 'over', 'true')
  await om('wait', over)
  expect((await om('attach', '--read-only', 'over')).stderr).toContain('(not_running)')
  expect((await om('detach', 'over')).stderr).toContain('(not_running)')
  expect((await om('attach', '--detach-keys', 'x,', 'over')).code).toBe(2)
  expect(await om('run', '--attach', '--follow', 'true')).toMatchObject({ code: 2, stdout: '' })
})

test('a person whose attach is ended from outside has their terminal back', async () => {
  const id = await om.start('--tty', String.raw`printf '\033[?1049h\033[?25lon'; exec sleep 1000`)
  await using ann = sitsAt(['attach', id])
  await ann.shows('on')
  ann.kill('SIGTERM')
  expect(await ann.ended).toBe(0)
  expect(ann.seen.lastIndexOf('\x1b[?25h')).toBeGreaterThan(ann.seen.lastIndexOf('\x1b[?25l'))
  await om.ok('kill', id)
})

test('describe names the recording', async () => {
  const id = await om.start('--tty', 'echo hi')
  await om('wait', id)
  expect(await om.ok('describe', id)).toMatch(new RegExp(`run 1, recording: .*/${id}\\.1\\.cast`))
})
