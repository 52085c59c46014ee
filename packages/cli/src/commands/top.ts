import { setTimeout as sleep } from 'node:timers/promises'
import { createClient, type OvermindClient, type UsageList, type UsageView } from '@overmind/client'
import { inert, showBytes, table } from '@overmind/daemon/text'
import { command, type Command } from '../command-line/command.ts'
import { flag } from '../command-line/flags.ts'
import { NO_WORDS } from '../command-line/words.ts'
import { showLive } from '../live/screen.ts'
import { print, printJson } from '../terminal/print.ts'
import { terminalSize } from '../terminal/terminal.ts'

const PACE_MS = 2000
const FIRST_MS = 500
const HEADING = ['ID', 'NAME', 'STATUS', 'CPU', 'MEMORY', 'PROCS', 'TOKENS', 'COST', '$/H', 'COMMAND']

/** Two looks: what lies between them is the rate. */
interface Looks {
  readonly first: UsageList
  readonly before: UsageList
  readonly now: UsageList
}

export const top: Command = command({
  words: NO_WORDS,
  flags: { once: flag('Print one table and end') },
  notes:
    'The busiest first. CPU is of one processor, over the last two seconds; $/H is over the time that this has been shown. ' +
    'Ends with Ctrl-C. --json prints what the daemon counts, again and again.',
  examples: [
    ['top', 'Who is busy, and what it costs'],
    ['top --once', 'One table, for a script'],
  ],
  run: async (_, { once, json }) => {
    const client = createClient()
    if (json) return printUsage(client, once)
    if (!once) return showLive(looks(client), (state, size) => page(state, size))
    for await (const state of looks(client)) {
      print(`${page(state, { ...terminalSize() }).join('\n')}\n`)
      return
    }
  },
})

async function printUsage(client: OvermindClient, once: boolean): Promise<void> {
  for (;;) {
    printJson(await client.usage())
    if (once) return
    await sleep(PACE_MS)
  }
}

async function* looks(client: OvermindClient): AsyncGenerator<Looks, void, undefined> {
  const first = await client.usage()
  await sleep(FIRST_MS)
  for (let before = first; ;) {
    const now = await client.usage()
    yield { first, before, now }
    before = now
    await sleep(PACE_MS)
  }
}

function page({ first, before, now }: Looks, size: { readonly columns?: number }): readonly string[] {
  const passed = elapsed(before, now)
  const shown = elapsed(first, now)
  const rows = now.missions
    .map((mission) => ({
      mission,
      cpu: share(mission, before, passed),
      rate: perHour(mission, first, shown),
    }))
    .toSorted((a, b) => b.cpu - a.cpu || (b.mission.cost_usd ?? 0) - (a.mission.cost_usd ?? 0))
    .map(({ mission, cpu, rate }) => [
      mission.id,
      inert(mission.name),
      mission.asks > 0 ? `${mission.status} (asks)` : mission.status,
      `${(cpu * 100).toFixed(1)}%`,
      showBytes(mission.memory_bytes),
      String(mission.processes),
      mission.tokens === null ? '-' : String(mission.tokens),
      mission.cost_usd === null ? '-' : `$${mission.cost_usd.toFixed(4)}`,
      mission.cost_usd === null ? '-' : `$${rate.toFixed(2)}`,
      inert(mission.command),
    ])
  return table(HEADING, rows, size)
}

function elapsed(from: UsageList, to: UsageList): number {
  return Math.max(1, Date.parse(to.at) - Date.parse(from.at))
}

function earlier({ id }: UsageView, look: UsageList): UsageView | undefined {
  return look.missions.find((mission) => mission.id === id)
}

/** Of one processor. Processes that have ended since took their time with them. */
function share(mission: UsageView, before: UsageList, passedMs: number): number {
  return Math.max(0, mission.cpu_ms - (earlier(mission, before)?.cpu_ms ?? 0)) / passedMs
}

function perHour(mission: UsageView, first: UsageList, passedMs: number): number {
  const spent = (mission.cost_usd ?? 0) - (earlier(mission, first)?.cost_usd ?? 0)
  return (spent / passedMs) * 3_600_000
}
