import { createClient } from '@overmind/client'
import { inert } from '@overmind/daemon/text'
import { command, type Command } from '../command-line/command.ts'
import { flag, value } from '../command-line/flags.ts'
import { text } from '../command-line/values.ts'
import { askOf } from '../missions/ask.ts'
import { print, printJson } from '../terminal/print.ts'

export const approve: Command = command({
  words: { usage: '<id>', least: 1, most: 1, kind: 'mission' },
  flags: {
    ask: value('ask', 'Which question, when it asks several; the beginning will do', text),
    session: flag("And all that the agent's own rule covers, for as long as the mission lives"),
    rule: value('rule', 'And all that this rule covers: "Bash(git *)"', text),
  },
  notes: 'Allows what the agent of a mission asks for, once unless more is said. See overmind inbox.',
  examples: [
    ['approve helper', 'What it asks for, this once'],
    ['approve helper --rule "Bash(npm test *)"', 'And the like from now on'],
  ],
  run: async ([ref = ''], { ask, session, rule, json }) => {
    const client = createClient()
    const asked = await askOf(client, ref, ask)
    const decision = {
      decision: 'allow',
      ...(session ? { scope: 'session' as const } : {}),
      ...(rule === undefined ? {} : { rule }),
    } as const
    const mission = await client.decide(asked.mission, asked.ask, { decision })
    if (json) printJson(mission)
    else print(`Approved for mission ${mission.id}: ${inert(asked.summary)}\n`)
  },
})
