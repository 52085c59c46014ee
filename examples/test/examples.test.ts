/** Each example as a user runs it: with the built packages, in a process of its own, in an empty temporary folder. */
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'

const root = new URL('../..', import.meta.url).pathname
const overmind = join(root, 'packages/cli/bin/overmind.cjs')

let folder: string
let home: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'overmind-example-'))
  home = await mkdtemp(join(tmpdir(), 'overmind-example-home-'))
})
afterEach(async () => {
  await node(overmind, 'shutdown')
  await Promise.all([folder, home].map((path) => rm(path, { recursive: true })))
})

async function node(...args: readonly string[]): Promise<string[]> {
  const env = { ...process.env, TMPDIR: folder, OVERMIND_HOME: home, NODE_OPTIONS: '' }
  const { stdout } = await promisify(execFile)(process.execPath, args, { env })
  return stdout.trimEnd().split('\n')
}

const example = (name: string): Promise<string[]> => node(join(root, 'examples', `${name}.ts`))

test('hello prints the events of a mission, its output and its end, and leaves nothing in the temporary folder', async () => {
  const lines = await example('hello')
  expect(lines.slice(0, 3)).toEqual(['mission.created', 'run.starting', 'run.started'])
  expect(lines.slice(-5)).toEqual([
    'run.exited',
    'mission.exited',
    'hello',
    'goodbye',
    expect.stringMatching(/^[a-z]+-[a-z]+ stopped with exit code 0$/),
  ])
  expect(await readdir(folder)).toEqual([])
})

test('adopt finishes under a second supervisor what the first one started before it was killed', async () => {
  expect(await example('adopt')).toEqual([
    'first supervisor: started job',
    'first supervisor: killed with SIGKILL',
    'second supervisor: adopted 1, lost 0',
    'step 1',
    'step 2',
    'step 3',
    'step 4',
    'job ended with exit code 7, after 1 run',
  ])
  expect(await readdir(folder)).toEqual([])
})

test('pipeline draws its graph, runs its agents in their order and hands results on', async () => {
  const lines = (await example('pipeline')).map((line) => line.replace(/ \([0-9a-f]{8}\)/, ''))
  expect(lines.slice(0, 5)).toEqual([
    'report: 4 agents, 3 levels',
    '1  files',
    '   folders',
    '2  report ← files, folders',
    '3  apology ← report (failed)',
  ])
  expect(lines.slice(-5)).toEqual([
    '[report] completed',
    '[apology] skipped: report did not fail',
    'done: 3 completed, 0 failed, 1 skipped',
    expect.stringMatching(/^files: \d+, folders: \d+$/),
    'exit code 0',
  ])
  expect(await readdir(folder)).toEqual([])
})

test('watch-output prints the lines of several missions under their names', async () => {
  const lines = await example('watch-output')
  const of = (name: string): string[] => lines.filter((line) => line.startsWith(`${name} | `))
  expect(of('build')).toEqual(['build | compiling', 'build | done'])
  expect(of('test')).toEqual(['test | test 1 ok', 'test | test 2 ok', 'test | test 3 ok'])
  expect(of('lint')).toEqual(['lint | no-unused: one warning'])
  expect(lines.slice(-3)).toEqual([
    'build: stopped, finished with exit code 0',
    'test: stopped, finished with exit code 0',
    'lint: crashed, failed with exit code 1',
  ])
  expect(await readdir(folder)).toEqual([])
})

test('team starts those again that build on the member that failed', async () => {
  expect(await example('team')).toEqual([
    'builder is ended: team-restart',
    'library: run 1',
    'planner: run 2',
    'builder: run 2',
    'the team is over: stopped',
  ])
})

test('supervised-actors restarts what depends on a lost connection, and lets jobs come and go', async () => {
  expect(await example('supervised-actors')).toEqual([
    'connected to db.example',
    'api listens',
    'root supervisor rest_for_one, 1 restart in 5 s, running',
    '├─ connection permanent worker, running',
    '├─ api permanent worker, running',
    '└─ jobs dynamic supervisor, 3 restarts in 5 s, 100 children at most, running, permanent',
    'connection ended: connection reset',
    'api closed',
    'connected to db.example',
    'api listens',
    'mail ended: mail failed',
    '0 jobs left',
    'api closed',
  ])
})

test('client sees a mission of the daemon change until it has exited', async () => {
  await node(overmind, 'start')
  const lines = await example('client')
  expect(lines).toContainEqual(expect.stringMatching(/^[0-9a-f]{8} exited$/))
  expect(lines.slice(-3)).toEqual(['finished with exit code 0', 'it wrote: working', 'exit code 0'])
})

test('client says what to do when there is no daemon', async () => {
  await expect(example('client')).rejects.toMatchObject({
    code: 1,
    stderr: 'There is no daemon: overmind start\n',
  })
})
