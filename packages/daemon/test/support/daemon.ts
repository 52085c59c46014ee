import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { EventView, MissionList, MissionView, StartRequest } from '../../src/index.ts'
import { type Api, apiOn } from './api.ts'
import { eventually, soon } from './eventually.ts'

/** Compiled sources are kept from one start to the next: a test of the daemon starts many. */
const COMPILED = fileURLToPath(new URL('../../../../node_modules/.cache/daemon-tests', import.meta.url))

export const MAIN: string = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

export function program(name: string): string {
  return fileURLToPath(new URL(`../programs/${name}`, import.meta.url))
}

export interface DaemonOptions {
  /** The program to run. Default: the daemon's own. */
  readonly main?: string
  readonly env?: Readonly<Record<string, string>>
  /** Arguments for Node, before the program. */
  readonly node?: readonly string[]
  /** How many files it may have open. Default: as many as this process. */
  readonly openFiles?: number
}

export type News =
  | { readonly ready: true; readonly pid: number }
  | { readonly error: { readonly code: string; readonly message: string } }
  /** It ended without a word. */
  | { readonly died: NodeJS.Signals | number | null; readonly stderr: string }

export interface Daemon extends Api {
  readonly pid: number
  /** Settles when the process has ended. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  stderr(): string
  signal(signal: NodeJS.Signals): void
  /** SIGKILL; settles when it is gone. */
  kill(): Promise<void>
  /** Ends it as a client does. */
  shutdown(keep: boolean): Promise<void>
}

interface Child {
  readonly process: ChildProcess
  readonly ended: Daemon['ended']
  readonly news: Promise<News>
  stderr(): string
}

function launch(home: string, { main = MAIN, env = {}, node = [], openFiles }: DaemonOptions): Child {
  const command = [process.execPath, '--conditions=overmind-source', ...node, main]
  const limited = ['sh', '-c', `ulimit -n ${openFiles}; exec "$@"`, 'sh', ...command]
  const [file = '', ...args] = openFiles === undefined ? command : limited
  const child = spawn(file, args, {
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      NODE_COMPILE_CACHE: COMPILED,
      OVERMIND_SUPERVISOR: 'daemon',
      OVERMIND_HOME: home,
      ...env,
    },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let stderr = ''
  let first = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const pipe = child.stdio[3]
  pipe?.on('data', (bytes: Buffer) => (first += bytes.toString('utf8')))
  const ended = once(child, 'exit').then(() => ({ code: child.exitCode, signal: child.signalCode }))
  const said = new Promise<News>((resolve) => {
    pipe?.on('data', () => {
      if (first.includes('\n')) resolve(JSON.parse(first))
    })
  })
  const died = once(child, 'close').then((): News =>
    first.includes('\n') ? JSON.parse(first) : { died: child.signalCode ?? child.exitCode, stderr },
  )
  return { process: child, ended, news: Promise.race([said, died]), stderr: () => stderr }
}

/** Starts a daemon and tells what it says of its start, without expecting it to be good. */
export async function tryDaemon(home: string, options: DaemonOptions = {}): Promise<News> {
  return soon('the daemon says how its start went', launch(home, options).news)
}

/** Starts a daemon; settles when it is ready. */
export async function startDaemon(home: string, options: DaemonOptions = {}): Promise<Daemon> {
  const child = launch(home, options)
  const news = await soon('the daemon is ready', child.news)
  if (!('ready' in news))
    throw new Error(`the daemon did not start: ${JSON.stringify(news)}\n${child.stderr()}`)
  const { pid } = news
  const api = apiOn(join(home, 'overmind.sock'))
  return {
    ...api,
    pid,
    ended: child.ended,
    stderr: child.stderr,
    signal: (signal) => void process.kill(pid, signal),
    async kill() {
      child.process.kill('SIGKILL')
      await child.ended
    },
    async shutdown(keep) {
      await api.post('/v1/shutdown', { keep })
      await soon('the daemon has ended', child.ended)
    },
  }
}

export function start(api: Api, mission: StartRequest): Promise<MissionView> {
  return api.post('/v1/missions', { cwd: '/tmp', ...mission })
}

export function show(api: Api, id: string): Promise<MissionView> {
  return api.get(`/v1/missions/${id}`)
}

export async function list(api: Api, query = 'all=true'): Promise<readonly MissionView[]> {
  return (await api.get<MissionList>(`/v1/missions?${query}`)).missions
}

export function waitFor(api: Api, id: string, timeoutMs = 20_000): Promise<MissionView> {
  return api.get(`/v1/missions/${id}/wait?timeout_ms=${timeoutMs}`)
}

/** Waits until a mission is as described. */
export function mission(
  api: Api,
  id: string,
  what: string,
  test: (mission: MissionView) => boolean,
): Promise<MissionView> {
  return eventually(`mission ${id} ${what}`, async () => {
    const view = await show(api, id)
    return test(view) ? view : undefined
  })
}

export async function ndjson<T>(api: Api, path: string): Promise<readonly T[]> {
  const text = await api.text(path, { accept: 'application/x-ndjson' })
  return text
    .split('\n')
    .filter(Boolean)
    .map((line): T => JSON.parse(line))
}

/** The journal of a mission so far, or all of it. */
export function events(api: Api, id?: string): Promise<readonly EventView[]> {
  return ndjson(api, `/v1/events${id === undefined ? '' : `?mission=${id}`}`)
}

export async function story(api: Api, id: string): Promise<readonly string[]> {
  return (await events(api, id)).map(({ type }) => type)
}
