import { createClient } from '@overmind/client'
import { command, type Command } from '../command-line/command.ts'
import { SOME_MISSIONS } from '../command-line/words.ts'
import { forEach } from '../missions/for-each.ts'
import { print, printJson } from '../terminal/print.ts'

export const kill: Command = command({
  words: SOME_MISSIONS,
  flags: {},
  notes: 'SIGKILL to all processes of the mission. It is gone from plain `ps`; its logs are kept.',
  examples: [['kill tests', 'End the mission named tests at once']],
  run: async (words, { json }) => {
    const client = createClient()
    return forEach(
      words,
      (ref) => client.kill(ref),
      (mission) => (json ? printJson(mission) : print(`Killed mission ${mission.id}\n`)),
    )
  },
})
