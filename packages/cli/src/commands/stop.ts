import { createClient } from '@overmind/client'
import { command, type Command } from '../command-line/command.ts'
import { value } from '../command-line/flags.ts'
import { duration } from '../command-line/values.ts'
import { SOME_MISSIONS } from '../command-line/words.ts'
import { forEach } from '../missions/for-each.ts'
import { print, printJson } from '../terminal/print.ts'

export const stop: Command = command({
  words: SOME_MISSIONS,
  flags: {
    timeout: value('s', 'Seconds from asking to SIGKILL', duration('s')),
  },
  notes:
    'The signal of the mission (SIGTERM) asks its processes to end, SIGKILL ends those that are left. Returns when none is left.',
  examples: [
    ['stop tests', 'Stop the mission named tests'],
    ['stop --timeout 60 tests build', 'Give both a minute'],
  ],
  run: async (words, { timeout, json }) => {
    const client = createClient()
    return forEach(
      words,
      (ref) => client.stop(ref, { timeoutMs: timeout }),
      (mission) => (json ? printJson(mission) : print(`Stopped mission ${mission.id}\n`)),
    )
  },
})
