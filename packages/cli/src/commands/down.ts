import { createClient } from '@overmind/client'
import { count } from '@overmind/daemon/text'
import { load } from '../blueprints/blueprint-file.ts'
import { command, type Command } from '../command-line/command.ts'
import { print, printJson } from '../terminal/print.ts'

export const down: Command = command({
  words: { usage: '<name|file>', least: 1, most: 1, kind: 'other' },
  flags: {},
  notes:
    'Agents are asked to end, as stop does it. Their output is forgotten with them; applied again, all begins anew.',
  examples: [
    ['down report', 'End the pipeline report and its agents, and forget them'],
    ['down report.toml', 'The same, by the file'],
  ],
  run: async ([given = ''], { json }) => {
    const name = given.endsWith('.toml') ? (await load(given, [])).blueprint.name : given
    const removed = await createClient().takeDown(name)
    if (json) return printJson({ removed })
    print(`Took down pipeline ${name}: ${count(removed, 'mission')} forgotten\n`)
  },
})
