import { load, ONE_FILE, setFlag } from '../blueprints/blueprint-file.ts'
import { command, type Command } from '../command-line/command.ts'
import { choice } from '../command-line/flags.ts'
import { print, printJson } from '../terminal/print.ts'

export const graph: Command = command({
  words: ONE_FILE,
  flags: {
    ...setFlag,
    format: choice(['text', 'mermaid'], 'How it is drawn (default: text)'),
  },
  notes: 'Mermaid is what many pages draw as a picture, GitHub among them.',
  examples: [
    ['graph report.toml', 'Who runs at the same time, and who behind whom'],
    ['graph --format mermaid report.toml', 'The same as a picture'],
  ],
  run: async ([file], { set, format = 'text', json }) => {
    const { blueprint } = await load(file, set)
    const { graphOf } = await import('../blueprints/read.ts')
    const drawn = graphOf(blueprint, format)
    if (json) return printJson({ format, graph: drawn })
    print(drawn.endsWith('\n') ? drawn : `${drawn}\n`)
  },
})
