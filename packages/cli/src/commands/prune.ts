import { createClient } from '@overmind/client'
import { count } from '@overmind/daemon/text'
import { command, type Command } from '../command-line/command.ts'
import { value } from '../command-line/flags.ts'
import { duration } from '../command-line/values.ts'
import { NO_WORDS } from '../command-line/words.ts'
import { print, printJson } from '../terminal/print.ts'

export const prune: Command = command({
  words: NO_WORDS,
  flags: {
    'older-than': value('time', 'Only missions that exited so long ago, such as 7d', duration('s')),
  },
  notes: 'Missions that have not exited are left alone.',
  examples: [
    ['prune --older-than 7d', 'Forget what exited more than a week ago'],
    ['prune', 'Forget all exited missions'],
  ],
  run: async (_, { 'older-than': olderThanMs, json }) => {
    const client = createClient()
    const pruned = await client.prune({ olderThanMs })
    if (json) return printJson(pruned)
    const lines = pruned.removed.map((id) => `Removed mission ${id}\n`).join('')
    print(
      `${lines}${lines === '' ? 'Nothing to remove' : `Removed ${count(pruned.removed.length, 'mission')}`}\n`,
    )
  },
})
