/** Looks at a world from outside, and waits until all is as it should be. */
import { readdirSync } from 'node:fs'
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
/** How long what is on its way may take on a machine that is busy, as long as it moves. Milliseconds. */
const SETTLE_MS = 180_000

/** What is wrong and stays wrong. */
export async function settle(world: World, followed: Followed): Promise<readonly string[]> {
  const deadline = Date.now() + SETTLE_MS
  let still = Date.now() + STILL_MS
  let before: readonly string[] = []
  for (;;) {
    const found = judge(await look(world, followed))
    if (found.length === 0) return found
    // A look takes its time, in which things go on.
    const same = found.filter((finding) => before.includes(finding))
    if (same.length < before.length) still = Date.now() + STILL_MS
    if (Date.now() > Math.min(still, deadline)) return same
    before = found
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
    records: openRecords(world),
  }
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
