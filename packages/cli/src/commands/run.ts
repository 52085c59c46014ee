import { command, type Command } from '../command-line/command.ts'
import { flag, list, value } from '../command-line/flags.ts'
import { atDashes } from '../command-line/parse.ts'
import { text } from '../command-line/values.ts'
import { CommandError, UsageError } from '../failures.ts'
import { present, providerOption, startFlags, startRequest } from '../start/flags.ts'
import { start } from '../start/start.ts'
import { terminalSize } from '../terminal/terminal.ts'
import { mustBeInteractive } from './attach.ts'

const flags = {
  ...startFlags,
  provider: value('name', 'The agent that the command is for (default: raw, any command)', text),
  option: list('K=V', 'An option of the provider; V is JSON, or else text', providerOption),
  exec: flag('Take the arguments as they are, without a shell'),
  tty: flag('Run it on a terminal, see overmind attach', { short: 't' }),
  attach: flag('Sit down at its terminal at once; means --tty', { short: 'a' }),
}

export const run: Command = command({
  words: { usage: '<command>…', least: 0, most: Infinity, kind: 'other', open: true },
  flags,
  notes:
    'Flags stand before the command: everything from its first word on belongs to it. One word is a line for ' +
    'sh -c; several are joined by spaces into such a line, as ssh does it. --exec takes them as they are. ' +
    'With a provider the command is the prompt, and what stands behind -- are arguments of the agent. A session ' +
    'without a command repeats what it is told. ' +
    'Starts the daemon when there is none. The mission gets your environment and your current folder.',
  examples: [
    ['run "npm test && npm run lint"', 'A shell command line'],
    ['run --name api --restart always --exec node server.js', 'A program and its arguments'],
    ['run --attach vim notes.txt', 'A program on a terminal, and you in front of it'],
    ['run --follow --env CI=1 make', 'See the output, exit with its code'],
    ['run --provider claude --type session --name helper', 'An agent that waits for messages'],
  ],
  run: async (words, given) => {
    const isAgent = given.provider !== undefined && given.provider !== 'raw'
    const { own, behind } = isAgent ? atDashes(words) : { own: words, behind: [] }
    if (given.attach && given.follow)
      throw new UsageError('--attach and --follow are two ways to see it: take one')
    if (given.attach) mustBeInteractive(false)
    // Said here, so that no daemon is started for it.
    if (given.type !== 'session' && (given.exec ? (own[0] ?? '') : own.join(' ').trim()) === '') {
      throw new CommandError('empty_command', 'there is no command to run')
    }
    const options = { ...Object.fromEntries(given.option), ...(behind.length > 0 ? { args: behind } : {}) }
    return start(
      {
        ...startRequest(given),
        ...present({
          command: own.length === 0 ? undefined : given.exec ? own : own.join(' '),
          provider: given.provider,
          terminal: given.tty || given.attach ? (terminalSize() ?? {}) : undefined,
          options: Object.keys(options).length === 0 ? undefined : options,
        }),
      },
      given,
    )
  },
})
