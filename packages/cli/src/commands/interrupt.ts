import { createClient } from '@overmind/client'
import { command, type Command } from '../command-line/command.ts'
import { SOME_MISSIONS } from '../command-line/words.ts'
import { forEach } from '../missions/for-each.ts'
import { print, printJson } from '../terminal/print.ts'

export const interrupt: Command = command({
  words: SOME_MISSIONS,
  flags: {},
  notes:
    'The agent lets go of the message that it works on, and waits for the next one. Its mission goes on.',
  examples: [['interrupt helper', 'What Esc does in its terminal']],
  run: async (words, { json }) => {
    const client = createClient()
    return forEach(
      words,
      (ref) => client.interrupt(ref),
      (mission) => (json ? printJson(mission) : print(`Interrupted mission ${mission.id}\n`)),
    )
  },
})
