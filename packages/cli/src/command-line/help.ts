import yargs, { type Argv, type Options } from 'yargs'
import type { Command, Commands } from './command.ts'
import type { Flag } from './flags.ts'

const WIDEST = 110

/** The help of one command, as yargs lays it out. */
export function commandHelp(name: string, summary: string, command: Command): Promise<string> {
  const usage = ['overmind', name, '[flags]', command.words.usage].filter(Boolean).join(' ')
  const text = [`Usage: ${usage}`, `${summary}.`, command.notes].filter((part) => part !== undefined)
  return page()
    .usage(text.join('\n\n'))
    .options(Object.fromEntries(Object.entries(command.flags).map(([name, flag]) => [name, option(flag)])))
    .example(command.examples.map(([line, does]) => [`overmind ${line}`, does]))
    .getHelp()
}

/** What `overmind` alone says: all commands, a line each. */
export function overview(commands: Commands): Promise<string> {
  const list = page().usage('Usage: overmind <command> [flags]\n\nSupervised missions for AI agents.')
  for (const [name, { summary }] of Object.entries(commands)) list.command(name, summary)
  return list
    .option('version', { type: 'boolean', description: 'Print the version' })
    .example('overmind run --name tests "npm test"', 'Start a mission; it outlives terminal and daemon')
    .example('overmind logs -f tests', 'See its output as it comes')
    .example('overmind ps', 'List the missions')
    .epilogue('overmind <command> --help says more. OVERMIND_HOME moves everything (default ~/.overmind).')
    .getHelp()
}

function page(): Argv {
  const columns = process.stdout.columns || 80
  return yargs([]).scriptName('overmind').locale('en').wrap(Math.min(columns, WIDEST)).version(false)
}

function option(flag: Flag): Options {
  const description = flag.kind === 'switch' ? flag.summary : `<${flag.placeholder}> ${flag.summary}`
  return {
    description,
    ...(flag.short && { alias: flag.short }),
    ...(flag.kind === 'switch' && { type: 'boolean' }),
  }
}
