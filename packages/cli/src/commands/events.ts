import { createClient, type EventQuery, type EventView, type GapView } from '@overmind/client'
import { command, type Command } from '../command-line/command.ts'
import { flag, value } from '../command-line/flags.ts'
import { whole } from '../command-line/values.ts'
import { eventLine } from '../terminal/event-line.ts'
import { print, printJson } from '../terminal/print.ts'
import { painter } from '../terminal/terminal.ts'

export const events: Command = command({
  words: { usage: '[<id>]', least: 0, most: 1, kind: 'mission' },
  flags: {
    since: value('seq', 'Only events after the one with this number', whole(0)),
    follow: flag('Go on with events as they happen', { short: 'f' }),
  },
  notes:
    'Each event has a number, a time and a type; docs/events.md lists the types. --json prints all their fields.',
  examples: [
    ['events tests', 'What happened to the mission named tests'],
    ['events -f --since 120 --json', 'Go on behind event 120, for a script'],
  ],
  run: async ([mission], { since, follow, json }) => {
    const client = createClient()
    const query: EventQuery = { since, follow, mission }
    if (json) {
      for await (const event of client.events(query)) printJson(event)
      return
    }
    const { missions } = await client.list({ all: true, fields: ['id', 'name'] })
    const names = new Map(missions.map(({ id, name }) => [id, name]))
    const paint = painter()
    for await (const event of client.events(query)) {
      learnName(names, event)
      print(`${eventLine(event, names, paint)}\n`)
    }
  },
})

/** A mission that began after the list was taken. */
function learnName(names: Map<string, string>, event: EventView | GapView): void {
  if (event.type !== 'mission.created' || !('mission' in event) || event.mission === undefined) return
  if (typeof event['name'] === 'string') names.set(event.mission, event['name'])
}
