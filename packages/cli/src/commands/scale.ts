import { createClient } from '@overmind/client'
import { changeLines } from '../blueprints/changes.ts'
import { command, type Command } from '../command-line/command.ts'
import { UsageError } from '../failures.ts'
import { print, printJson } from '../terminal/print.ts'

export const scale: Command = command({
  words: { usage: '<pipeline> <agent>=<n>…', least: 2, most: Infinity, kind: 'other' },
  flags: {},
  notes:
    'For agents with replicas in their blueprint. The others are left as they are; the file is not changed, and decides again ' +
    'when it is applied.',
  examples: [['scale shop web=5', 'Five copies of the agent web']],
  run: async ([name = '', ...words], { json }) => {
    const replicas = Object.fromEntries(words.map(wanted))
    const scaled = await createClient().scalePipeline(name, replicas)
    if (json) printJson(scaled)
    else print(changeLines(scaled.changes.filter(({ change }) => change !== 'unchanged')))
  },
})

function wanted(word: string): readonly [agent: string, replicas: number] {
  const [, agent, number] = /^([^=]+)=(\d+)$/.exec(word) ?? []
  if (agent === undefined || number === undefined)
    throw new UsageError(`${JSON.stringify(word)} must be of the form <agent>=<n>`)
  return [agent, Number(number)]
}
