import { createClient } from '@overmind/client'
import { inert, showDuration } from '@overmind/daemon/text'
import { command, type Command } from '../command-line/command.ts'
import { NO_WORDS } from '../command-line/words.ts'
import { printTable } from '../terminal/print-table.ts'
import { print, printError, printJson } from '../terminal/print.ts'

const LIMITS = ['LIMIT', 'TAKEN', 'OF']
const WAITING = ['ID', 'NAME', 'COLONY', 'PROVIDER', 'PRIORITY', 'WAITS', 'FOR']

export const queue: Command = command({
  words: NO_WORDS,
  flags: {},
  notes:
    'How many missions may be at work, and who waits for that, in the order in which they start. Limits are set in config.toml; overmind restart has one start at once.',
  examples: [['queue', 'The limits, and who waits']],
  run: async (_, { json }) => {
    const { limits, waiting } = await createClient().queue()
    if (json) return printJson({ limits, waiting })
    if (limits.length === 0 && waiting.length === 0)
      return printError('There are no limits, and nobody waits\n')
    printTable(
      LIMITS,
      limits.map(({ scope, taken, most }) => [inert(scope), String(taken), String(most)]),
    )
    if (waiting.length === 0) return
    const now = Date.now()
    const rows = waiting.map(({ mission, name, colony, provider, priority, since, full }) => [
      mission,
      inert(name),
      inert(colony),
      inert(provider),
      String(priority),
      showDuration(now - Date.parse(since)),
      inert(full.join(', ')),
    ])
    print('\n')
    printTable(WAITING, rows)
  },
})
