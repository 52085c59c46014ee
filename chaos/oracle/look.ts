/** Looks at a world from outside, and waits until all is as it should be. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { EventView, MissionView } from '@overmind/client'
import type { Followed } from '../follower.ts'
import type { Ledger } from '../ledger.ts'
import { processesOf } from '../processes.ts'
import type { World } from '../world.ts'
import { judge } from './judge.ts'
import type { Remains } from './laws/remains.ts'
import { openRecords } from './records.ts'
import type { Sight } from './sight.ts'

/** How long what is wrong must stay as it is. Milliseconds. */
const STILL_MS = 30_000
/** What is gone sooner was only on its way. Milliseconds. */
const PASSING_MS = 5000

/** What is wrong and stays wrong, while nothing of it is mended: on a busy machine much is on its way. */
export async function settle(world: World, followed: Followed): Promise<readonly string[]> {
  const since = new Map<string, number>()
  let moved = Date.now()
  for (;;) {
    const found = new Set(judge(await look(world, followed)))
    const now = Date.now()
    for (const [finding, first] of since) {
      if (found.has(finding)) continue
      since.delete(finding)
      if (now - first > PASSING_MS) moved = now
    }
    for (const finding of found) since.set(finding, since.get(finding) ?? now)
    if (found.size === 0) return []
    // What came up towards the end may be on its way as well.
    if (now - moved > STILL_MS)
      return [...since].filter(([, first]) => now - first > STILL_MS / 2).map(([finding]) => finding)
    await pause(500)
  }
}

async function look(world: World, followed: Followed): Promise<Sight> {
  const { client, ledger } = world
  const at = Date.now()
  const { missions } = await client.list({ all: true })
  const journal: EventView[] = []
  for await (const event of client.events({ since: 0 })) if ('seq' in event) journal.push(event)
  learnNames(ledger, missions)
  return {
    at,
    ledger,
    missions,
    journal,
    queue: await client.queue(),
    processes: processesOf(world.home),
    followed,
    faults: faultsIn(join(world.home, 'daemon.log')),
    records: openRecords(world),
  }
}

/** From this level on, lines of the log are errors. */
const ERROR = 50

function faultsIn(log: string): readonly string[] {
  return readFileSync(log, 'utf8')
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => {
      const { level, msg, err } = JSON.parse(line) as LogLine
      return level < ERROR ? [] : [`${msg}: ${err?.message}`]
    })
}

interface LogLine {
  readonly level: number
  readonly msg: string
  readonly err?: { readonly message: string }
}

/** An answer that never came back may have been a yes. */
function learnNames({ entries, rituals }: Ledger, missions: readonly MissionView[]): void {
  for (const asked of [...entries, ...rituals])
    asked.id ??= missions.find(({ name }) => name === asked.name)?.id ?? null
}

/** What is left of a world in which everything has been ended. */
export function remainsOf(home: string, open: readonly string[]): Remains {
  return {
    processes: processesOf(home),
    pipes: ['.', 'output', 'tty', 'input'].flatMap((folder) => pipesIn(home, folder)),
    open,
  }
}

function pipesIn(home: string, folder: string): readonly string[] {
  try {
    return readdirSync(join(home, folder), { withFileTypes: true })
      .filter((file) => file.isFIFO() || file.isSocket())
      .map(({ name }) => join(folder, name))
  } catch {
    // Nobody needed it.
    return []
  }
}
