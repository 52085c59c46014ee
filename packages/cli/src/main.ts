/**
 * The `overmind` command.
 *
 * Theory of operation: the first word names a command; only its module is loaded, its flags are read and it
 * runs, talking to the daemon through the client. What a command prints goes to stdout in whole pieces, what
 * it says to people beside that goes to stderr, and its promise resolves to the exit code.
 */
import { nearest } from '@overmind/core/text'
import { commands } from './commands/all.ts'
import type { Entry } from './command-line/command.ts'
import { report, UsageError } from './failures.ts'
import { print } from './terminal/print.ts'
import { readVersion } from './version.ts'

async function main([name, ...args]: readonly string[]): Promise<number> {
  switch (name) {
    case undefined:
    case '--help':
    case '-h':
      return help()
    case 'help':
      return help(args[0])
    case '--version':
    case '-V':
      print(`${readVersion()}\n`)
      return 0
    case '__complete':
      await (await import('./commands/completion/candidates.ts')).printCandidates()
      return 0
    default:
      return run(name, args)
  }
}

async function run(name: string, args: readonly string[]): Promise<number> {
  const command = await entry(name).load()
  const code = await command.execute(args)
  return code === 'help' ? help(name) : (code ?? 0)
}

async function help(name?: string): Promise<number> {
  const { commandHelp, overview } = await import('./command-line/help.ts')
  if (name === undefined) {
    print(`${await overview(commands)}\n`)
  } else {
    const { summary, load } = entry(name)
    print(`${await commandHelp(name, summary, await load())}\n`)
  }
  return 0
}

function entry(name: string): Entry {
  const found = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (found !== undefined) return found
  if (name.startsWith('-')) throw new UsageError(`unknown flag ${name}: flags stand behind the command`)
  const near = nearest(name, Object.keys(commands))
  const hint = near === undefined ? 'see overmind --help' : `did you mean "${near}"?`
  throw new UsageError(`there is no command ${JSON.stringify(name)}; ${hint}`, 'unknown_command')
}

void main(process.argv.slice(2))
  .catch(report)
  .then((code) => process.exit(code))
