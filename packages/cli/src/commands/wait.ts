import { createClient, type MissionView, type OvermindClient } from '@overmind/client'
import { command, type Command } from '../command-line/command.ts'
import { flag, value } from '../command-line/flags.ts'
import { duration } from '../command-line/values.ts'
import { SOME_MISSIONS } from '../command-line/words.ts'
import { report } from '../failures.ts'
import { exitCodeOf } from '../missions/exit-code.ts'
import { print, printJson } from '../terminal/print.ts'

export const wait: Command = command({
  words: SOME_MISSIONS,
  flags: {
    any: flag('Return as soon as one of them has exited'),
    timeout: value('ms', 'Give up after so many milliseconds', duration('ms')),
  },
  notes:
    "Exits with the mission's own code, 137 when it was killed, 1 when its code is not known. Of several missions, " +
    'the first in the order given whose code is not 0 decides.',
  examples: [
    ['wait tests', 'Wait until the mission named tests has exited'],
    ['wait --any --timeout 60000 a b', 'Wait at most a minute, for one of two'],
  ],
  run: async (words, { any, timeout, json }) => {
    const client = createClient()
    const show = (mission: MissionView): number => {
      const code = exitCodeOf(mission)
      const line = `Mission ${mission.id} finished: ${mission.status} (exit code ${code ?? 'unknown'})\n`
      if (json) printJson(mission)
      else print(line)
      return code ?? 1
    }
    if (any) return show(await first(client, words, timeout))
    const codes = words.map((ref) => client.wait(ref, { timeoutMs: timeout }).then(show, report))
    return (await Promise.all(codes)).find((code) => code !== 0) ?? 0
  },
})

/** The first to exit; a failure of one counts as an answer too. */
async function first(
  client: OvermindClient,
  refs: readonly string[],
  timeoutMs: number | undefined,
): Promise<MissionView> {
  const others = new AbortController()
  try {
    return await Promise.race(refs.map((ref) => client.wait(ref, { timeoutMs, signal: others.signal })))
  } finally {
    others.abort()
  }
}
