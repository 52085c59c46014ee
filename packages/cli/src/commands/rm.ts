import { createClient } from '@overmind/client'
import { command, type Command } from '../command-line/command.ts'
import { SOME_MISSIONS } from '../command-line/words.ts'
import { forEach } from '../missions/for-each.ts'
import { print, printJson } from '../terminal/print.ts'

export const rm: Command = command({
  words: SOME_MISSIONS,
  flags: {},
  notes: 'The mission must have exited. Its output and its events are gone then.',
  examples: [['rm tests', 'Forget the mission named tests']],
  run: async (words, { json }) => {
    const client = createClient()
    return forEach(
      words,
      async (ref) => {
        const { id, name } = await client.get(ref)
        await client.remove(id)
        return { id, name }
      },
      (removed) => (json ? printJson(removed) : print(`Removed mission ${removed.id}\n`)),
    )
  },
})
