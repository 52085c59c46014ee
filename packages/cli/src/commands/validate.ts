import { count, inert } from '@overmind/daemon/text'
import { load, ONE_FILE, setFlag } from '../blueprints/blueprint-file.ts'
import { command, type Command } from '../command-line/command.ts'
import { print, printJson } from '../terminal/print.ts'

export const validate: Command = command({
  words: ONE_FILE,
  flags: setFlag,
  notes: 'Says all that is wrong with it, by line and column. Nothing is started, and no daemon is asked.',
  examples: [['validate report.toml', 'Whether it can be applied']],
  run: async ([file], { set, json }) => {
    const { blueprint, document } = await load(file, set)
    if (json) return printJson(document)
    print(`${inert(file ?? '')} is valid: ${count(blueprint.agents.length, 'agent')}\n`)
  },
})
