import { createClient } from '@overmind/client'
import { command, type Command } from '../command-line/command.ts'
import { SOME_MISSIONS } from '../command-line/words.ts'
import { forEach } from '../missions/for-each.ts'
import { printJson } from '../terminal/print.ts'

export const info: Command = command({
  words: SOME_MISSIONS,
  flags: {},
  notes: 'One line of JSON for each mission; `describe` is for people.',
  examples: [
    ['info tests', 'All fields of the mission named tests'],
    ['info tests | jq .exit_code', 'One of them'],
  ],
  run: async (words) => {
    const client = createClient()
    return forEach(words, (ref) => client.get(ref), printJson)
  },
})
