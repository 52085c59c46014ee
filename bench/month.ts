/** A month of use: whether what is asked for most stays as fast as on the first day. */
import { statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { OvermindClient } from '@overmind/client'
import { type BenchDaemon, benchDaemon } from './support/daemon.ts'
import { residentOf } from './support/proc.ts'
import { atLeast, atMost, type Figure, median } from './support/report.ts'
import { type History, seedHistory } from './support/seed-history.ts'
import { timeOf } from './support/time.ts'

const MONTH: History = { missions: 5000, events: 2_000_000, outputBytes: 10 * 2 ** 30, days: 30 }
/** With as much an hour as later. */
const FIRST_DAY: History = { missions: 10, events: 4000, outputBytes: 20 * 2 ** 20, days: 0.06 }
const ROUNDS = 15
const DAY_MS = 86_400_000
const LIVE = 20
/** How long a store may take to become smaller. */
const PATIENCE_MS = 60_000

const OVERMIND = join(
  dirname(createRequire(import.meta.url).resolve('@overmind/cli/package.json')),
  'bin/overmind.cjs',
)

interface Used extends AsyncDisposable {
  readonly daemon: BenchDaemon
  /** What is asked of it, by what people call it. */
  readonly commands: Readonly<Record<string, readonly string[]>>
}

/** A home with a past, and a few missions at work. */
async function used(history: History): Promise<Used> {
  const daemon = await benchDaemon()
  const { client, home } = daemon
  const env = { PATH: process.env['PATH'] ?? '' }
  const { id } = await client.start({ command: 'echo hello', cwd: '/', env })
  await client.wait(id)
  await client.shutdown({ keep: true })
  const { loudest, quiet, last } = seedHistory(home, history)
  await daemon.start()
  for (let live = 0; live < LIVE; live += 1) await client.start({ command: 'sleep 100000', cwd: '/', env })
  return {
    daemon,
    commands: {
      'ps --filter status=running': ['ps', '--filter', 'status=running'],
      'logs --tail 100': ['logs', '--tail', '100', loudest],
      'logs --since 1h, of all': ['logs', '--since', '1h'],
      'events --since, the newest 100': ['events', '--since', String(last - 100)],
      describe: ['describe', quiet],
    },
    [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
  }
}

async function startOf(daemon: BenchDaemon): Promise<number> {
  await daemon.client.shutdown({ keep: true })
  return daemon.start()
}

interface Probe {
  /** The longest that anybody waited for an answer. Milliseconds. */
  end(): Promise<number>
}

/** Somebody who keeps asking. */
function probe(client: OvermindClient): Probe {
  let worst = 0
  let isOver = false
  const asking = (async (): Promise<void> => {
    while (!isOver) {
      const began = performance.now()
      await client.status()
      worst = Math.max(worst, performance.now() - began)
      await sleep(5)
    }
  })()
  return {
    async end() {
      isOver = true
      await asking
      return worst
    },
  }
}

const storeOf = ({ home }: BenchDaemon): string => join(home, 'overmind.db')

/** Settles with the milliseconds until the store has the size that what is left of it needs, as far as that can be waited for. */
async function compacted(daemon: BenchDaemon, below: number): Promise<number> {
  const began = performance.now()
  while (statSync(storeOf(daemon)).size > below && performance.now() - began < PATIENCE_MS) await sleep(100)
  return performance.now() - began
}

export async function month(): Promise<readonly Figure[]> {
  await using first = await used(FIRST_DAY)
  await using later = await used(MONTH)
  const figures: Figure[] = []

  const starts = { first: [] as number[], later: [] as number[] }
  for (let round = 0; round < 5; round += 1) {
    starts.first.push(await startOf(first.daemon))
    starts.later.push(await startOf(later.daemon))
  }
  figures.push(
    atMost(
      'start of the daemon after a month',
      median(starts.later) / 1000,
      1.5,
      `on the first day ${(median(starts.first) / 1000).toFixed(2)} s`,
      's',
    ),
    atMost('resident after a month', residentOf(later.daemon.pid) / 2 ** 20, 250, '5,000 missions', 'MB'),
  )

  for (const [what, words] of Object.entries(later.commands)) {
    const [then, now]: [number[], number[]] = [[], []]
    for (let round = 0; round < ROUNDS; round += 1) {
      const time = ({ daemon, commands }: Used): number =>
        timeOf(process.execPath, [OVERMIND, ...(commands[what] ?? words)], {
          ...process.env,
          OVERMIND_HOME: daemon.home,
        })
      then.push(time(first))
      now.push(time(later))
    }
    const behind = `${median(now).toFixed(0)} against ${median(then).toFixed(0)} ms`
    const ratio = median(now.map((each, round) => each / (then[round] ?? Number.NaN)))
    figures.push(atMost(`\`${what}\`, a month ÷ the first day`, ratio, 1.5, behind))
  }

  const { daemon } = later
  const before = statSync(storeOf(daemon)).size
  const others = probe(daemon.client)
  const began = performance.now()
  const { removed } = await daemon.client.prune({ olderThanMs: DAY_MS })
  const took = (performance.now() - began) / 1000
  await compacted(daemon, before / 8)
  const waited = await others.end()
  const after = statSync(storeOf(daemon)).size
  figures.push(
    atLeast(
      'missions pruned a second',
      removed.length / took,
      150,
      `${removed.length} in ${took.toFixed(1)} s`,
    ),
    atMost('the longest wait of others meanwhile', waited, 250, 'while the store became smaller, too', 'ms'),
    atMost(
      'the store after `prune` ÷ before',
      after / before,
      0.25,
      `${(after / 2 ** 20).toFixed(0)} of ${(before / 2 ** 20).toFixed(0)} MB, beside all else`,
    ),
  )
  return figures
}
