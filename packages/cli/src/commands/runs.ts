import { createClient } from '@overmind/client'
import { inert, showDuration } from '@overmind/daemon/text'
import { command, type Command } from '../command-line/command.ts'
import { value } from '../command-line/flags.ts'
import { whole } from '../command-line/values.ts'
import { printTable } from '../terminal/print-table.ts'
import { printJson } from '../terminal/print.ts'

const HEADING = ['RUN', 'STARTED', 'TOOK', 'EXIT', 'COST', 'WHY']

export const runs: Command = command({
  words: { usage: '<id>', least: 1, most: 1, kind: 'mission' },
  flags: { tail: value('n', 'Only so many, the newest (default: 100)', whole(1)) },
  notes: 'The history of a mission: each of its runs, when it began, how long it took and why it ended.',
  examples: [
    ['runs nightly-tests', 'All attempts, with what became of each'],
    ['runs nightly-tests --tail 1', 'The newest; overmind logs --run says what one of them wrote'],
  ],
  run: async ([ref = ''], { tail, json }) => {
    const found = await createClient().runs(ref, { limit: tail })
    if (json) return printJson({ runs: found })
    const rows = found.map(({ run, started_at, duration_ms, exit_code, cost_usd, reason }) => [
      String(run),
      started_at === null ? '-' : started_at.replace(/\.\d+Z$/, 'Z'),
      duration_ms === null
        ? '-'
        : duration_ms < 1000
          ? `${Math.round(duration_ms)}ms`
          : showDuration(duration_ms),
      exit_code === null ? '-' : String(exit_code),
      cost_usd === 0 ? '-' : `$${cost_usd.toFixed(4)}`,
      inert(reason ?? 'it goes on'),
    ])
    printTable(HEADING, rows)
  },
})
