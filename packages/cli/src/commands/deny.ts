import { createClient } from '@overmind/client'
import { inert } from '@overmind/daemon/text'
import { command, type Command } from '../command-line/command.ts'
import { value } from '../command-line/flags.ts'
import { text } from '../command-line/values.ts'
import { askOf } from '../missions/ask.ts'
import { print, printJson } from '../terminal/print.ts'

export const deny: Command = command({
  words: { usage: '<id>', least: 1, most: 1, kind: 'mission' },
  flags: {
    ask: value('ask', 'Which question, when it asks several; the beginning will do', text),
    reason: value('text', 'Told to the agent', text),
  },
  notes: 'Refuses what the agent of a mission asks for; it goes on without. See overmind inbox.',
  examples: [['deny helper --reason "not on the main branch"', 'And say why']],
  run: async ([ref = ''], { ask, reason, json }) => {
    const client = createClient()
    const asked = await askOf(client, ref, ask)
    const decision = { decision: 'deny', ...(reason === undefined ? {} : { reason }) } as const
    const mission = await client.decide(asked.mission, asked.ask, { decision })
    if (json) printJson(mission)
    else print(`Denied for mission ${mission.id}: ${inert(asked.summary)}\n`)
  },
})
