import { ApiError, DaemonNotRunning, type MissionView, type WatchMessage } from '@overmind/client'
import { expect, test } from 'vitest'
import { type Waited, waitUntilOver } from '../../src/wait.ts'

const running: MissionView = {
  id: 'a',
  name: 'a',
  command: 'true',
  status: 'running',
  phase: 'running.up',
  ending: null,
  os_pid: 1,
  type: 'task',
  provider: 'raw',
  cwd: '/',
  model: null,
  restart_policy: 'never',
  restart_count: 0,
  run: 1,
  last_activity: null,
  created_at: '2026-11-23T07:00:00.000Z',
  started_at: null,
  exited_at: null,
  parent: null,
  children: [],
  team: null,
  terminal: null,
  has_terminal: false,
  labels: {},
  priority: 0,
  colony: 'default',
  custody: 'marks',
  memory_bytes: null,
  cpus: null,
  pids: null,
  session_id: null,
  turn: null,
  messages: 0,
  asks: 0,
  cost_usd: null,
  tokens: null,
  turns: null,
  exit_code: null,
  exit_signal: null,
  exit_class: null,
  exit_reason: null,
}
const over: MissionView = { ...running, status: 'stopped', exit_code: 0 }

/** What each list and each watch of a daemon gives, in order; an error is thrown. */
interface Script {
  readonly lists: readonly (readonly MissionView[] | Error)[]
  readonly watches: readonly (readonly (WatchMessage | Error)[])[]
}

interface WaitOptions {
  readonly until?: 'all' | 'any'
  readonly ids?: readonly string[]
  readonly timeoutMs?: number
}

async function waited(
  { lists, watches }: Script,
  { until = 'all', ids = ['a'], timeoutMs = 20_000 }: WaitOptions = {},
): Promise<Waited & { readonly since: readonly number[] }> {
  const since: number[] = []
  let [listed, watched] = [0, 0]
  const client = {
    list: () => {
      listed += 1
      const next = lists[listed - 1]
      if (next === undefined) throw new Error('listed too often')
      return next instanceof Error
        ? Promise.reject(next)
        : Promise.resolve({ revision: listed, missions: next })
    },
    async *watch(from: number): AsyncGenerator<WatchMessage> {
      since.push(from)
      watched += 1
      for (const message of watches[watched - 1] ?? []) {
        if (message instanceof Error) throw message
        yield await Promise.resolve(message)
      }
    },
  }
  const call = { signal: new AbortController().signal, progress: () => Promise.resolve() }
  return { ...(await waitUntilOver(client, ids, { until, timeoutMs, call })), since }
}

const put = (mission: MissionView): WatchMessage => ({ type: 'put', revision: 9, mission })

test('what is over already is not waited for', async () => {
  expect(await waited({ lists: [[over]], watches: [] })).toMatchObject({ done: true, since: [] })
})

test('a change tells the end, from the revision of the list on', async () => {
  const watches = [[put({ ...over, id: 'other' }), put(running), put(over)]]
  const found = await waited({ lists: [[running], [running]], watches })
  expect(found).toMatchObject({ done: true, over: [{ id: 'a', exit_code: 0 }], running: [], since: [2] })
})

test('one that is removed, or not there, is forgotten and waited for no longer', async () => {
  const watches: readonly (readonly WatchMessage[])[] = [
    [
      { type: 'removed', revision: 3, id: 'other' },
      { type: 'removed', revision: 4, id: 'a' },
    ],
  ]
  expect(await waited({ lists: [[running], [running]], watches })).toMatchObject({
    done: true,
    forgotten: ['a'],
    over: [],
    running: [],
  })
  expect(await waited({ lists: [[]], watches: [] })).toMatchObject({ done: true, forgotten: ['a'] })
})

test('one that fell behind looks again', async () => {
  const watches: readonly (readonly WatchMessage[])[] = [[{ type: 'list_again', revision: 5 }]]
  expect(await waited({ lists: [[running], [running], [over]], watches })).toMatchObject({
    done: true,
    over: [{ id: 'a' }],
  })
})

test('a daemon that goes away in the middle is looked for until it is back', async () => {
  const gone = new DaemonNotRunning('/socket')
  const ending = new ApiError({ code: 'runtime_closed', detail: 'it is ending', status: 503 })
  const found = await waited({
    lists: [[running], [running], gone, ending, [running], [over]],
    watches: [[gone], []],
  })
  expect(found).toMatchObject({ done: true, over: [{ id: 'a' }], since: [2, 5] })
})

test('what is wrong beside that is told', async () => {
  await expect(waited({ lists: [[running], new Error('broken')], watches: [] })).rejects.toThrow('broken')
})

test('any is content with one; all is not, and says at the timeout what still runs', async () => {
  const list = [over, { ...running, id: 'b' }]
  const ids = ['a', 'b']
  const any = await waited({ lists: [list], watches: [] }, { until: 'any', ids })
  expect(any).toMatchObject({ done: true, over: [{ id: 'a' }], running: [{ id: 'b' }] })
  const lists = Array.from({ length: 10 }, () => list)
  const all = await waited({ lists, watches: [] }, { ids, timeoutMs: 100 })
  expect(all).toMatchObject({ done: false, over: [{ id: 'a' }], running: [{ id: 'b' }] })
})
