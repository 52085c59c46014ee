import { createClient } from '@overmind/client'
import { command, type Command } from '../command-line/command.ts'
import { SOME_MISSIONS } from '../command-line/words.ts'
import { forEach } from '../missions/for-each.ts'
import { descriptionPage } from '../terminal/description-page.ts'
import { print, printJson } from '../terminal/print.ts'
import { painter } from '../terminal/terminal.ts'

export const describe: Command = command({
  words: SOME_MISSIONS,
  flags: {},
  notes:
    'Why it is in this state, how it was described, its last output when it failed, and its last events.',
  examples: [['describe tests', 'Why did the mission named tests fail?']],
  run: async (words, { json }) => {
    const client = createClient()
    const paint = painter()
    return forEach(
      words,
      (ref) => client.describe(ref),
      (found, index) => {
        if (json) return printJson(found)
        print(`${index === 0 ? '' : '\n'}${descriptionPage(found, { now: Date.now(), paint }).join('\n')}\n`)
      },
    )
  },
})
