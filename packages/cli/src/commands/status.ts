import { createClient } from '@overmind/client'
import { command, type Command } from '../command-line/command.ts'
import { NO_WORDS } from '../command-line/words.ts'
import { print, printJson } from '../terminal/print.ts'
import { statusPage } from '../terminal/status-page.ts'
import { painter } from '../terminal/terminal.ts'

export const status: Command = command({
  words: NO_WORDS,
  flags: {},
  examples: [
    ['status', 'How the daemon is, and how many missions it has'],
    ['status --json | jq .missions', 'The same, for a script'],
  ],
  run: async (_, { json }) => {
    const client = createClient()
    const found = await client.status()
    if (json) printJson(found)
    else print(`${statusPage(found, painter()).join('\n')}\n`)
  },
})
