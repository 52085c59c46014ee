import { createClient } from '@overmind/client'
import { command, type Command } from '../command-line/command.ts'
import { SOME_MISSIONS } from '../command-line/words.ts'
import { forEach } from '../missions/for-each.ts'
import { print, printJson } from '../terminal/print.ts'

export const restart: Command = command({
  words: SOME_MISSIONS,
  flags: {},
  notes: 'A run that is going on is stopped first. The mission keeps its id, its name and its logs.',
  examples: [['restart tests', 'Run the mission named tests again']],
  run: async (words, { json }) => {
    const client = createClient()
    return forEach(
      words,
      (ref) => client.restart(ref),
      (mission) => (json ? printJson(mission) : print(`Restarted mission ${mission.id}\n`)),
    )
  },
})
