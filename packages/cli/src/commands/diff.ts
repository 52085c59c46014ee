import { createClient } from '@overmind/client'
import { load, ONE_FILE, setFlag } from '../blueprints/blueprint-file.ts'
import { changeLines } from '../blueprints/changes.ts'
import { command, type Command } from '../command-line/command.ts'
import { print, printJson } from '../terminal/print.ts'

/** Not 1 or 2, with which a command ends that could not do what it was asked. */
const WOULD_CHANGE = 3

export const diff: Command = command({
  words: ONE_FILE,
  flags: setFlag,
  notes:
    'Against what was applied last under its name: + is added, ~ is changed or depends on what is, - is taken out. Exits ' +
    `with ${WOULD_CHANGE} when anything would change. Starts no daemon: only that one knows what was applied.`,
  examples: [['diff report.toml', 'What apply would do']],
  run: async ([file], { set, json }) => {
    const { document } = await load(file, set)
    const changes = await createClient().diffPipeline({ document })
    if (json) printJson(changes)
    else print(changeLines(changes))
    return changes.some(({ change }) => change !== 'unchanged') ? WOULD_CHANGE : 0
  },
})
