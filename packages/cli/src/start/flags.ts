import { resolve } from 'node:path'
import type { StartRequest } from '@overmind/client'
import {
  BadValue,
  choice,
  flag,
  list,
  type Listed,
  type Switch,
  value,
  type Valued,
  type Values,
} from '../command-line/flags.ts'
import {
  amount,
  bytes,
  duration,
  integer,
  pair,
  seconds,
  signal,
  text,
  whole,
} from '../command-line/values.ts'
import { CommandError } from '../failures.ts'

type Variable = readonly [name: string, value: string]

// A type alias, which unlike an interface is a table of flags.
// oxlint-disable-next-line typescript/consistent-type-definitions
type StartFlags = {
  readonly name: Valued<string>
  readonly cwd: Valued<string>
  readonly env: Listed<Variable>
  readonly type: Valued<'task' | 'session'>
  readonly model: Valued<string>
  readonly label: Listed<Variable>
  readonly colony: Valued<string>
  readonly priority: Valued<number>
  readonly parent: Valued<string>
  readonly 'on-parent-exit': Valued<'keep' | 'stop'>
  readonly 'on-exit': Valued<'nothing' | 'tell-parent'>
  readonly restart: Valued<'never' | 'on-failure' | 'always'>
  readonly retries: Valued<number>
  readonly 'max-restarts': Valued<number>
  readonly 'max-seconds': Valued<number>
  readonly backoff: Valued<number>
  readonly 'activity-timeout': Valued<number>
  readonly activity: Valued<'output' | 'cpu'>
  readonly timeout: Valued<number>
  readonly custody: Valued<'marks' | 'cgroup'>
  readonly memory: Valued<number>
  readonly cpus: Valued<number>
  readonly pids: Valued<number>
  readonly 'stop-signal': Valued<string>
  readonly 'stop-timeout': Valued<number>
  readonly 'max-cost': Valued<number>
  readonly 'max-turns': Valued<number>
  readonly 'max-tokens': Valued<number>
  readonly 'no-wait-limit': Switch
  readonly 'ask-timeout': Valued<number>
  readonly 'on-ask-timeout': Valued<'deny' | 'stop'>
  readonly follow: Switch
}

/** Flags of every command that starts a mission. */
export const startFlags: StartFlags = {
  name: value('name', 'A name for it (default: made up)', text),
  cwd: value('folder', 'Where it runs (default: here)', text),
  env: list('K=V', 'A variable on top of your environment, or just K', variable),
  type: choice(
    ['task', 'session'],
    'A task ends when it is done, a session stays and takes messages (default: task)',
  ),
  model: value('name', 'The model that is to answer', text),
  label: list('K=V', 'A label, by which ps --filter label=K=V finds it', pair),
  colony: value(
    'name',
    "The group of missions that it belongs to (default: its parent's, else default)",
    text,
  ),
  priority: value('n', "Who waits for a slot with more goes first (default: its parent's, else 0)", integer),
  parent: value('id', 'The mission that it belongs to', text),
  'on-parent-exit': choice(['keep', 'stop'], 'What becomes of it when its parent has exited (default: keep)'),
  'on-exit': choice(
    ['nothing', 'tell-parent'],
    'Whether its parent, a session, is told that it has exited (default: nothing)',
  ),
  restart: choice(
    ['never', 'on-failure', 'always'],
    'When a run that ended is followed by another (default: never)',
    {
      code: 'invalid_restart_policy',
      also: { on_failure: 'on-failure' },
    },
  ),
  retries: value('n', 'Start it again after it failed, so often in all', whole(0)),
  'max-restarts': value('n', 'Restarts within --max-seconds; 0 is unlimited (default: 5)', whole(0)),
  'max-seconds': value('s', 'Seconds of running time that --max-restarts is about (default: 60)', seconds),
  backoff: value('ms', 'Before the first restart, doubled with each (default: 1000)', duration('ms')),
  'activity-timeout': value(
    's',
    'Seconds without a sign of life after which a run is stalled',
    duration('s'),
  ),
  activity: choice(
    ['output', 'cpu'],
    'What is a sign of life: output, or processor time as well (default: output)',
  ),
  timeout: value('s', 'Seconds after which a run is ended', duration('s')),
  custody: choice(['marks', 'cgroup'], 'What holds its processes together (default: cgroup with a limit)'),
  memory: value('bytes', 'What all of it may use together, such as 512M', bytes),
  cpus: value('n', 'How many processors it may use, such as 1.5', amount),
  pids: value('n', 'How many processes and threads it may have', whole(1)),
  'stop-signal': value('signal', 'What asks it to end (default: SIGTERM)', signal),
  'stop-timeout': value('s', 'Seconds from asking it to SIGKILL (default: 10)', duration('s')),
  'max-cost': value('usd', 'US dollars that an agent may spend', amount),
  'max-turns': value('n', "How often an agent's model may be called", whole(1)),
  'max-tokens': value('n', 'Tokens of any kind that an agent may use', whole(1)),
  'no-wait-limit': flag('End when the account is rate-limited, and do not wait for the reset'),
  'ask-timeout': value('s', 'Seconds that a question of an agent waits for you', duration('s')),
  'on-ask-timeout': choice(
    ['deny', 'stop'],
    'What becomes of a question that nobody answered (default: deny)',
  ),
  follow: flag('Stream the output and exit with the code of the mission', { short: 'f' }),
}

/** What the flags ask for; the command is for the caller to add. */
export function startRequest(
  given: Omit<Values<typeof startFlags>, 'follow'>,
): Omit<StartRequest, 'command'> {
  return {
    cwd: folder(given.cwd),
    env: environment(given.env),
    ...present({
      name: given.name,
      type: given.type,
      model: given.model,
      labels: given.label.length === 0 ? undefined : Object.fromEntries(given.label),
      colony: given.colony,
      priority: given.priority,
      parent: given.parent,
      on_parent_exit: given['on-parent-exit'],
      on_exit: given['on-exit'],
      restart: given.restart,
      retries: given.retries,
      max_restarts: given['max-restarts'],
      max_seconds: given['max-seconds'],
      backoff_ms: given.backoff,
      activity_timeout_ms: given['activity-timeout'],
      activity: given.activity,
      timeout_ms: given.timeout,
      custody: given.custody,
      memory_bytes: given.memory,
      cpus: given.cpus,
      pids: given.pids,
      stop_signal: given['stop-signal'],
      stop_timeout_ms: given['stop-timeout'],
      max_cost_usd: given['max-cost'],
      max_turns: given['max-turns'],
      max_tokens: given['max-tokens'],
      on_limit: given['no-wait-limit'] ? ('exit' as const) : undefined,
      ask_timeout_ms: given['ask-timeout'],
      on_ask_timeout: given['on-ask-timeout'],
    }),
  }
}

/** `K=V`, or `K` for the value that K has here. */
function variable(text: string): Variable {
  const [name = '', ...rest] = text.split('=')
  const given = rest.length > 0 ? rest.join('=') : process.env[name]
  if (name !== '' && given !== undefined) return [name, given]
  throw new BadValue('must be of the form K=V, or K for a variable that is set here')
}

/** The environment of whoever calls. */
export function callersEnvironment(): Record<string, string> {
  return environment([])
}

function environment(added: readonly Variable[]): Record<string, string> {
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
export function present<T extends object>(fields: T): Present<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>
}

/** An option of a provider, from the command line. */
export function providerOption(given: string): readonly [name: string, value: unknown] {
  const [written, value] = pair(given)
  const name = written.replaceAll('-', '_')
  try {
    return [name, JSON.parse(value)]
  } catch {
    // Most values are words.
    return [name, value]
  }
}
