import { createClient } from '@overmind/client'
import { inert, showDuration } from '@overmind/daemon/text'
import { command, type Command } from '../command-line/command.ts'
import { NO_WORDS } from '../command-line/words.ts'
import { printTable } from '../terminal/print-table.ts'
import { printError, printJson } from '../terminal/print.ts'

const HEADING = ['ID', 'NAME', 'ASK', 'WAITS', 'BLOCKS', 'TOOL', 'WHAT']

export const inbox: Command = command({
  words: NO_WORDS,
  flags: {},
  notes:
    'What agents ask of you: first what most waits for, of these the oldest. Answer with overmind approve or overmind deny.',
  examples: [['inbox', 'All questions that wait']],
  run: async (_, { json }) => {
    const asks = await createClient().inbox()
    if (json) return printJson({ asks })
    if (asks.length === 0) return printError('Nobody asks anything\n')
    const now = Date.now()
    const rows = asks.map(({ mission, name, ask, at, blocking, tool, summary }) => [
      mission,
      inert(name),
      inert(ask.slice(0, 8)),
      showDuration(now - Date.parse(at)),
      String(blocking),
      inert(tool),
      inert(summary.replace(`${tool}: `, '')),
    ])
    printTable(HEADING, rows)
  },
})
