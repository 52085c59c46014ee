import { load, ONE_FILE, setFlag } from '../blueprints/blueprint-file.ts'
import { command, type Command } from '../command-line/command.ts'
import { print, printJson } from '../terminal/print.ts'

export const agents: Command = command({
  words: ONE_FILE,
  flags: setFlag,
  notes: 'In an order in which they may be started.',
  examples: [['agents report.toml', 'Who is in it, and who waits for whom']],
  run: async ([file], { set, json }) => {
    const { blueprint } = await load(file, set)
    const found = blueprint.agents.map(({ name, team, dependsOn }) => ({
      name,
      team: team?.of.name ?? null,
      depends_on: dependsOn.map(({ agent }) => agent),
    }))
    if (json) return printJson(found)
    for (const { name, team, depends_on: on } of found) {
      const about = [
        ...(team === null ? [] : [`team: ${team}`]),
        ...(on.length === 0 ? [] : [`depends on: ${on.join(', ')}`]),
      ]
      print(about.length === 0 ? `${name}\n` : `${name} (${about.join('; ')})\n`)
    }
  },
})
