import { resolve } from 'node:path'
import { createClient, type StartRequest } from '@overmind/client'
import { command, type Command } from '../command-line/command.ts'
import { BadValue, choice, flag, list, value } from '../command-line/flags.ts'
import { duration, seconds, signal, text, whole } from '../command-line/values.ts'
import { withDaemon } from '../daemon/with-daemon.ts'
import { CommandError, UsageError } from '../failures.ts'
import { print, printError, printJson } from '../terminal/print.ts'
import { terminalSize } from '../terminal/terminal.ts'
import { mustBeInteractive } from './attach.ts'

const flags = {
  name: value('name', 'A name for it (default: made up)', text),
  cwd: value('folder', 'Where it runs (default: here)', text),
  env: list('K=V', 'A variable on top of your environment, or just K', variable),
  type: choice(['task'], 'What it is'),
  provider: value('name', 'The agent that the command is', text),
  parent: value('id', 'The mission that it belongs to', text),
  'on-parent-exit': choice(['keep', 'stop'], 'What becomes of it when its parent has exited (default: keep)'),
  restart: choice(
    ['never', 'on-failure', 'always'],
    'When a run that ended is followed by another (default: never)',
    {
      code: 'invalid_restart_policy',
      also: { on_failure: 'on-failure' },
    },
  ),
  'max-restarts': value('n', 'Restarts within --max-seconds; 0 is unlimited (default: 5)', whole(0)),
  'max-seconds': value('s', 'Seconds of running time that --max-restarts is about (default: 60)', seconds),
  backoff: value('ms', 'Before the first restart, doubled with each (default: 1000)', duration('ms')),
  'activity-timeout': value('s', 'Seconds without output after which a run is stalled', duration('s')),
  timeout: value('s', 'Seconds after which a run is ended', duration('s')),
  'stop-signal': value('signal', 'What asks it to end (default: SIGTERM)', signal),
  'stop-timeout': value('s', 'Seconds from asking it to SIGKILL (default: 10)', duration('s')),
  exec: flag('Take the arguments as they are, without a shell'),
  tty: flag('Run it on a terminal, see overmind attach', { short: 't' }),
  attach: flag('Sit down at its terminal at once; means --tty', { short: 'a' }),
  follow: flag('Stream the output and exit with the code of the mission', { short: 'f' }),
}

export const run: Command = command({
  words: { usage: '<command>…', least: 0, most: Infinity, kind: 'other', open: true },
  flags,
  notes:
    'Flags stand before the command: everything from its first word on belongs to it. One word is a line for ' +
    'sh -c; several are joined by spaces into such a line, as ssh does it. --exec takes them as they are. ' +
    'Starts the daemon when there is none. The mission gets your environment and your current folder.',
  examples: [
    ['run "npm test && npm run lint"', 'A shell command line'],
    ['run --name api --restart always --exec node server.js', 'A program and its arguments'],
    ['run --attach vim notes.txt', 'A program on a terminal, and you in front of it'],
    ['run --follow --env CI=1 make', 'See the output, exit with its code'],
  ],
  run: async (words, given) => {
    const request: StartRequest = {
      command: given.exec ? words : words.join(' '),
      cwd: folder(given.cwd),
      env: environment(given.env),
      ...present({
        name: given.name,
        type: given.type,
        provider: given.provider,
        parent: given.parent,
        on_parent_exit: given['on-parent-exit'],
        restart: given.restart,
        max_restarts: given['max-restarts'],
        max_seconds: given['max-seconds'],
        backoff_ms: given.backoff,
        activity_timeout_ms: given['activity-timeout'],
        timeout_ms: given.timeout,
        stop_signal: given['stop-signal'],
        stop_timeout_ms: given['stop-timeout'],
        terminal: given.tty || given.attach ? (terminalSize() ?? {}) : undefined,
      }),
    }
    if (given.attach && given.follow)
      throw new UsageError('--attach and --follow are two ways to see it: take one')
    if (given.attach) mustBeInteractive(false)
    // Said here, so that no daemon is started for it.
    if ((given.exec ? (words[0] ?? '') : words.join(' ').trim()) === '') {
      throw new CommandError('empty_command', 'there is no command to run')
    }
    const client = createClient()
    const { id, name } = await withDaemon(() => client.start(request))
    if (given.json) printJson({ id, name })
    else (given.follow || given.attach ? printError : print)(`Started mission ${id} (${name})\n`)
    if (given.attach) {
      const { attachTo } = await import('../attach/attach-to.ts')
      return attachTo(client, id)
    }
    if (given.follow) {
      const { follow } = await import('../follow/follow.ts')
      return follow(client, { id, name, json: given.json })
    }
  },
})

/** `K=V`, or `K` for the value that K has here. */
function variable(text: string): readonly [name: string, value: string] {
  const [name = '', ...rest] = text.split('=')
  const own = process.env[name]
  if (name === '') throw new BadValue('must be of the form K=V, or K for a variable that is set here')
  if (rest.length > 0) return [name, rest.join('=')]
  if (own === undefined) throw new BadValue('must be of the form K=V, or K for a variable that is set here')
  return [name, own]
}

function environment(added: readonly (readonly [string, string])[]): Record<string, string> {
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  )
  return Object.fromEntries([...inherited, ...added])
}

function folder(given: string | undefined): string {
  try {
    return resolve(given ?? process.cwd())
  } catch (cause) {
    throw new CommandError('cwd_not_found', 'the current folder does not exist any more', { cause })
  }
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** The fields that have a value. */
function present<T extends object>(fields: T): Present<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>
}
