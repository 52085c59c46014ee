import { createClient } from '@overmind/client'
import { load, ONE_FILE, setFlag } from '../blueprints/blueprint-file.ts'
import { changeLines } from '../blueprints/changes.ts'
import { command, type Command } from '../command-line/command.ts'
import { withDaemon } from '../daemon/with-daemon.ts'
import { print, printJson } from '../terminal/print.ts'

export const diff: Command = command({
  words: ONE_FILE,
  flags: setFlag,
  notes:
    'Against what was applied last under its name: + is added, ~ is changed or depends on what is, - is taken out. Exits ' +
    'with 1 when anything would change.',
  examples: [['diff report.toml', 'What apply would do']],
  run: async ([file], { set, json }) => {
    const { document } = await load(file, set)
    const changes = await withDaemon(() => createClient().diffPipeline({ document }))
    if (json) printJson(changes)
    else print(changeLines(changes))
    return changes.some(({ change }) => change !== 'unchanged') ? 1 : 0
  },
})
