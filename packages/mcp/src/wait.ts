import { isAway, type OvermindClient } from '@overmind/client'
import { isOver } from './family.ts'
import { patiently, rest } from './patience.ts'
import type { ToolCall } from './tool.ts'
import { type Seen, SHOWN_FIELDS, type Shown, shown } from './views.ts'

type Watched = Pick<OvermindClient, 'list' | 'watch'>

/** Programs of agents that are told nothing for a minute believe that nobody is there. */
const PROGRESS_MS = 10_000

export interface Waited {
  readonly done: boolean
  readonly over: Shown[]
  readonly running: Shown[]
  readonly forgotten: string[]
}

export interface WaitOptions {
  readonly until: 'all' | 'any'
  readonly timeoutMs: number
  readonly call: ToolCall
}

/**
 * Waits for the end of missions. One stream of changes for all of them, whatever their number; when the daemon goes away
 * they are looked for again until it is back or the time is over.
 */
export async function waitUntilOver(
  client: Watched,
  ids: readonly string[],
  { until, timeoutMs, call }: WaitOptions,
): Promise<Waited> {
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), timeoutMs)
  const signal = AbortSignal.any([call.signal, late.signal])
  const missions = new Map<string, Seen | null>(ids.map((id) => [id, null]))
  const ended = (): number => [...missions.values()].filter((seen) => seen === null || isOver(seen)).length
  const done = (): boolean => (until === 'all' ? ended() === missions.size : ended() > 0)
  const ticking = setInterval(() => {
    call.progress(`${ended()} of ${missions.size} missions are over`).catch(() => undefined) // nobody listens
  }, PROGRESS_MS)
  try {
    // The first look is not cut off by a timeout of 0.
    await look(client, missions, call.signal, patiently)
    while (!done() && !signal.aborted) await follow(client, missions, { done, signal })
  } finally {
    clearTimeout(timer)
    clearInterval(ticking)
  }
  call.signal.throwIfAborted()
  const seen = [...missions.values()].filter((each) => each !== null)
  return {
    done: done(),
    over: seen.filter(isOver).map(shown),
    running: seen.filter((each) => !isOver(each)).map(shown),
    forgotten: [...missions].flatMap(([id, each]) => (each === null ? [id] : [])),
  }
}

/** Notes how the missions are, and as of which revision; one that is not there has been forgotten. */
async function look(
  client: Watched,
  missions: Map<string, Seen | null>,
  signal: AbortSignal,
  ask: typeof patiently = async (question) => question(),
): Promise<number> {
  const list = (): ReturnType<typeof client.list<(typeof SHOWN_FIELDS)[number]>> =>
    client.list({ all: true, fields: SHOWN_FIELDS, signal })
  const { revision, missions: found } = await ask(list, signal)
  const byId = new Map(found.map((mission) => [mission.id, mission]))
  for (const id of missions.keys()) missions.set(id, byId.get(id) ?? null)
  return revision
}

/** Notes what changes, until it is done, the time is over, or the daemon has gone: then it has rested a while. */
async function follow(
  client: Watched,
  missions: Map<string, Seen | null>,
  { done, signal }: { readonly done: () => boolean; readonly signal: AbortSignal },
): Promise<void> {
  try {
    const since = await look(client, missions, signal)
    if (done()) return
    for await (const change of client.watch(since, { all: true, signal })) {
      if (change.type === 'list_again') return
      if (change.type === 'removed') {
        if (missions.has(change.id)) missions.set(change.id, null)
      } else if (missions.has(change.mission.id)) {
        missions.set(change.mission.id, change.mission)
      }
      if (done()) return
    }
    // A daemon that ends in order ends its streams in order.
    await rest(signal)
  } catch (error) {
    if (signal.aborted) return
    if (!isAway(error)) throw error
    await rest(signal).catch(() => undefined) // the time is over
  }
}
