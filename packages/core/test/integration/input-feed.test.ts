/** What a run is told comes through to it once, and is known to have, also while its disk is full. */
import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { type Home, prepareHome } from '../../src/process/home.ts'
import { openInputFeed } from '../../src/process/input-feed.ts'
import { keeperProcess } from '../../src/process/keeper.ts'
import { missionId } from '../fakes/records.ts'
import { steppingClock } from '../fakes/stepping-clock.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryHome } from '../support/home.ts'

const REF = { mission: missionId('0123abcd'), run: 1 }

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** A keeper of `cat`, started by way of another command. */
async function startKeeper(home: Home, by: readonly string[]): Promise<ChildProcess> {
  const output = home.outputFile(REF.mission, REF.run, 'stdout')
  const { file, args, env, cwd } = keeperProcess({
    ...REF,
    name: 'mission',
    home: home.path,
    cwd: home.path,
    argv: ['/bin/cat'],
    env: { PATH: '/usr/bin:/bin' },
    copy: '{}',
    stdout: output,
    stderr: output,
    talks: true,
    cgroup: null,
  })
  const log = await open(output, 'a')
  const [program = file, ...rest] = [...by, file, ...args]
  const keeper = spawn(program, rest, { cwd, env, detached: true, stdio: ['ignore', log.fd, log.fd] })
  await log.close()
  return keeper
}

test('a keeper notes what it has told as soon as that can be written', async () => {
  await using temporary = await temporaryHome()
  const home = await prepareHome(temporary.path)
  const told = home.inputFile(REF.mission, REF.run, 'told')
  const output = home.outputFile(REF.mission, REF.run, 'stdout')
  // Nothing can be written to a folder, as to a full disk.
  mkdirSync(told)
  const keeper = await startKeeper(home, [])
  const feed = await eventually(() => textOf(home.runs).includes('start 0123abcd')).then(() =>
    open(home.inputFile(REF.mission, REF.run, 'requests'), 'w'),
  )
  await feed.write('one =first.\n')
  await eventually(() => textOf(output) === 'first\n')
  rmdirSync(told)
  await eventually(() => textOf(told) === '\none\n')
  await feed.write('two =second.\n')
  await eventually(() => textOf(output) === 'first\nsecond\n' && textOf(told) === '\none\ntwo\n')
  await feed.close()
  process.kill(-(keeper.pid ?? expect.unreachable()), 'SIGKILL')
})

test('what a keeper could only note in part is noted whole, on a line of its own', async () => {
  await using temporary = await temporaryHome()
  const home = await prepareHome(temporary.path)
  const told = home.inputFile(REF.mission, REF.run, 'told')
  const output = home.outputFile(REF.mission, REF.run, 'stdout')
  // No file of its own can have more than 512 bytes: what crosses that is written in part.
  writeFileSync(told, `${'x'.repeat(504)}\n`)
  const limited = `trap '' XFSZ; ulimit -f 1; exec "$@"`
  const keeper = await startKeeper(home, ['/bin/sh', '-c', limited, 'sh'])
  const feed = await eventually(() => textOf(home.runs).includes('start 0123abcd')).then(() =>
    open(home.inputFile(REF.mission, REF.run, 'requests'), 'w'),
  )
  const key = '11111111-2222-4333-8444-555555555555'
  await feed.write(`${key} =first.\n`)
  await eventually(() => textOf(told).endsWith('\n1111111'))
  writeFileSync(told, '1111111')
  await eventually(() => textOf(told) === `1111111\n${key}\n`)
  expect(textOf(output)).toBe('first\n')
  await feed.close()
  process.kill(-(keeper.pid ?? expect.unreachable()), 'SIGKILL')
})

test('what was not noted is known to have come through when something behind it is', async () => {
  await using temporary = await temporaryHome()
  const home = await prepareHome(temporary.path)
  const told = home.inputFile(REF.mission, REF.run, 'told')
  const requests = home.inputFile(REF.mission, REF.run, 'requests')
  await execa('mkfifo', [requests])
  const loop = await open(requests, 'r+')
  writeFileSync(told, '')
  const clock = steppingClock()
  const heard: string[] = []
  const feed = openInputFeed(REF, {
    home,
    clock,
    adopted: false,
    onTold: (key) => heard.push(key),
    onFault: (error) => expect.unreachable(String(error)),
  })
  const written = async (): Promise<string> =>
    (await loop.read(Buffer.alloc(4096))).buffer.toString().replace(/\0+$/, '')
  feed.tell('a', 'one')
  feed.tell('b', 'two')
  expect(await written()).toBe('a =one.\nb =two.\n')
  appendFileSync(told, 'b\n')
  feed.check()
  expect(heard).toEqual(['a', 'b'])

  feed.tell('c', 'three')
  expect(await written()).toBe('c =three.\n')
  clock.advance(3001)
  feed.ask()
  feed.ask()
  // The first is not noted either, for the disk is still full.
  expect(await written()).toMatch(/^\?\S+\n$/)
  clock.advance(3001)
  feed.ask()
  appendFileSync(told, await written())
  feed.check()
  expect(heard).toEqual(['a', 'b', 'c'])
  expect(feed.stuckFor()).toBe(0)
  feed.close()
  await loop.close()
  rmSync(requests)
})
