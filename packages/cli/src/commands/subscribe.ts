import { createClient } from '@overmind/client'
import { command, type Command } from '../command-line/command.ts'
import { flag } from '../command-line/flags.ts'
import { printJson } from '../terminal/print.ts'

export const subscribe: Command = command({
  words: { usage: '<id>', least: 1, most: 1, kind: 'mission' },
  flags: { all: flag('Begin with what it has said before') },
  notes:
    'One JSON object a line: what an agent says just as it says it, other lines as {"type":"plain","text"}; the last ' +
    'is {"type":"exit","status","exit_code"}.',
  examples: [['subscribe helper', 'What the mission named helper says from now on']],
  run: async ([ref = ''], { all }) => {
    for await (const said of createClient().subscribe(ref, { all })) printJson(said)
  },
})
