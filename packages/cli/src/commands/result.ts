import { createClient } from '@overmind/client'
import { command, type Command } from '../command-line/command.ts'
import { printJson } from '../terminal/print.ts'

export const result: Command = command({
  words: { usage: '<id>', least: 1, most: 1, kind: 'mission' },
  flags: {},
  notes:
    'JSON with the text, how long it took, what it cost, the tokens by model, and all that the agent says of it.',
  examples: [['result review', 'The last answer of the mission named review']],
  run: async ([ref = '']) => printJson(await createClient().result(ref)),
})
