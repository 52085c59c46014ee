import { createClient, type ListQuery } from '@overmind/client'
import { command, type Command } from '../command-line/command.ts'
import { BadValue, flag, list, value } from '../command-line/flags.ts'
import { text } from '../command-line/values.ts'
import { NO_WORDS } from '../command-line/words.ts'
import { print, printJson } from '../terminal/print.ts'
import { terminalSize, wantsColours } from '../terminal/terminal.ts'

export const ps: Command = command({
  words: NO_WORDS,
  flags: {
    all: flag('Also missions that were killed', { short: 'a' }),
    filter: list('key=value', 'Only these; may be repeated, `*` stands for anything', condition),
    tree: flag('Children under their parents'),
    children: value('id', 'Only the children of this mission', text),
    watch: flag('Show changes as they happen, until Ctrl-C', { short: 'w' }),
  },
  notes:
    'Keys of filters: status, name, id, type, provider, parent, colony, cwd, command, exit_class, label.',
  examples: [
    ['ps', 'All missions but the killed ones'],
    ['ps --filter status=running --filter "name=test-*"', 'Some of them'],
    ['ps --tree', 'Who started whom'],
    ['ps -a --json | jq -r ".missions[].id"', 'For a script'],
  ],
  run: async (_, { all, filter, tree, children, watch, json }) => {
    const client = createClient()
    const family = children === undefined ? [] : [`parent=${(await client.get(children)).id}`]
    const query: ListQuery = { all, filter: [...filter, ...family] }
    if (watch) {
      const { watchMissions } = await import('../live/watch-missions.ts')
      return watchMissions(client, query, { json, tree })
    }

    if (json) return printJson(await client.list(query))
    const table = client.table({ ...query, tree, colours: wantsColours(), columns: terminalSize()?.columns })
    for await (const part of table) print(part)
  },
})

function condition(given: string): string {
  if (!/^[a-z_]+=/.test(given)) throw new BadValue('must be of the form key=value')
  return given
}
