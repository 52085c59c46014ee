import { createClient } from '@overmind/client'
import { command, type Command } from '../command-line/command.ts'
import { flag } from '../command-line/flags.ts'
import { SOME_MISSIONS } from '../command-line/words.ts'
import { printJson } from '../terminal/print.ts'

export const subscribe: Command = command({
  words: SOME_MISSIONS,
  flags: { all: flag('Begin with what it has said before') },
  notes:
    'One JSON object a line: what an agent says just as it says it, other lines as {"type":"plain","text"}; the last ' +
    'is {"type":"exit","status","exit_code"}. Of several missions at once each line is {"mission","said"}, with the ' +
    'mission as you named it.',
  examples: [
    ['subscribe helper', 'What the mission named helper says from now on'],
    ['subscribe writer critic', 'What two missions say, until both have exited'],
  ],
  run: async ([first = '', ...others], { all }) => {
    const client = createClient()
    const words =
      others.length === 0
        ? client.subscribe(first, { all })
        : client.subscribeAll([first, ...others], { all })
    for await (const said of words) printJson(said)
  },
})
