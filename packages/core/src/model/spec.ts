import { z } from 'zod'
import { type ErrorCode, OvermindError } from './errors.ts'
import type { MissionId } from './ids.ts'
import { isName, NAME_RULE } from './names.ts'
import { isSignal } from './signals.ts'
import type { Membership } from './membership.ts'

/** What a mission runs. */
export type Command =
  /** A command line for `sh -c`. */
  | { readonly kind: 'shell'; readonly line: string }
  /** A program and its arguments, exactly as they are: no shell reads them. */
  | { readonly kind: 'exec'; readonly argv: readonly [string, ...string[]] }

/** Where missions belong that belong to no colony of their own. */
export const DEFAULT_COLONY = 'default'

/** How large a terminal is, in cells. */
export interface TerminalSize {
  readonly columns: number
  readonly rows: number
}

/** What a terminal has always been, where nobody says. */
export const DEFAULT_TERMINAL_SIZE: TerminalSize = { columns: 80, rows: 24 }

export type RestartPolicy = 'never' | 'on-failure' | 'always'

/**
 * `task`: a command that runs to its end, or an agent that answers one prompt. `session`: it stays alive and
 * takes messages. The others are no process: a pipeline of agents, and what starts others by the clock.
 */
export type MissionType = 'task' | 'session' | 'blueprint' | 'ritual'

/** What becomes of a mission whose account is limited: it waits for its turn, or it ends. */
export type OnLimit = 'wait' | 'exit'

/** What becomes of a question that nobody has answered in time. */
export type OnAskTimeout = 'deny' | 'stop'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/** What only the provider of a mission understands, and checks. */
export type ProviderOptions = Readonly<Record<string, Json>>

/** How missions are described by people and programs; every field but `command` has a default. */
export interface MissionInput {
  /**
   * A string is a shell command line, or the prompt for an agent; an array is a program and its arguments, as they
   * are. A session may do without: it then has no first message.
   */
  readonly command?: string | readonly string[] | undefined
  /** Unique among missions that are not exited. Default: a generated `adjective-noun`. */
  readonly name?: string | undefined
  /** Absolute path of the working directory. Default: the directory of the calling process. */
  readonly cwd?: string | undefined
  /** The whole environment of the mission. Default: that of the calling process. Never shown or logged. */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Default: `task`. */
  readonly type?: MissionType | undefined
  /** Which provider knows this command. Default: `raw`. */
  readonly provider?: string | undefined
  /** The model that is to answer, in the provider's words. Default: the agent's own choice. */
  readonly model?: string | undefined
  /** Options of the provider; see its page. Default: none. */
  readonly options?: ProviderOptions | undefined
  /** What an agent may spend in US dollars, by its own account, before it is ended. Default: no limit. */
  readonly maxCostUsd?: number | undefined
  /** How many answers an agent may give before it is ended. Default: no limit. */
  readonly maxTurns?: number | undefined
  /** How many tokens of any kind an agent may use before it is ended. Default: no limit. */
  readonly maxTokens?: number | undefined
  /** Default: `wait`. */
  readonly onLimit?: OnLimit | undefined
  /** Milliseconds that a question of an agent waits for an answer. Default: as long as it takes. */
  readonly askTimeoutMs?: number | undefined
  /** Default: `deny`. */
  readonly onAskTimeout?: OnAskTimeout | undefined
  /** When a run that ended is followed by another. Default: `never`. */
  readonly restart?: RestartPolicy | undefined
  /** How often it is started again after it failed, over all of its life: in place of `restart` and `maxRestarts`. Default: as these say. */
  readonly retries?: number | undefined
  /** Restarts allowed within `maxSeconds` of the mission's own running time; 0 is unlimited. Default: 5. */
  readonly maxRestarts?: number | undefined
  /** The window of the restart budget, in seconds of running time. Default: 60. */
  readonly maxSeconds?: number | undefined
  /** The delay before the first restart, in milliseconds; it doubles with each restart in the window. Default: 1000. */
  readonly backoffMs?: number | undefined
  /** Milliseconds without a sign of life after which a run is stalled. Default: none. */
  readonly activityTimeoutMs?: number | undefined
  /** What counts as a sign of life. Default: `output`. */
  readonly activity?: Activity | undefined
  /** Milliseconds after which a run is ended, whatever it does. Default: none. */
  readonly timeoutMs?: number | undefined
  /** The signal that asks the mission to end. Default: `SIGTERM`. */
  readonly stopSignal?: NodeJS.Signals | undefined
  /** Milliseconds from `stopSignal` to SIGKILL. Default: 10000. */
  readonly stopTimeoutMs?: number | undefined
  /** Exit codes that count as success. Default: 0 alone. */
  readonly successCodes?: readonly number[] | undefined
  /** How many bytes of a run's output are kept, the newest, and of all the earlier runs together; at least 1 MiB. Default: 256 MiB. */
  readonly outputLimitBytes?: number | undefined
  /**
   * By what its processes are held together. `cgroup`: also by a control group of the kernel, which nothing can leave and which
   * is killed at once; a start then takes some ten milliseconds longer. Default: `cgroup` with a limit, else `marks`.
   */
  readonly custody?: Custody | undefined
  /** Bytes of memory that all of its processes may use together; at least 1 MiB. Default: no limit. */
  readonly memoryBytes?: number | undefined
  /** Processors' worth of time that they may use together, such as 1.5; at least 0.01. Default: no limit. */
  readonly cpus?: number | undefined
  /** How many processes and threads of it there may be at a time. Default: no limit. */
  readonly pids?: number | undefined
  /** The mission that this one belongs to: its id, name, or the unique beginning of its id. Default: none. */
  readonly parent?: string | undefined
  /** Whether this mission goes on when its parent has exited for good. Default: `keep`. */
  readonly onParentExit?: OnParentExit | undefined
  /** Whether its parent, when that is a session, is told that this mission has exited. Default: `nothing`. */
  readonly onExit?: OnExit | undefined
  /** Of those that wait for a slot, the one with the highest goes first; -1000 to 1000. Default: that of its parent, else 0. */
  readonly priority?: number | undefined
  /** The group of missions that it belongs to, which may have limits of its own. Default: that of its parent, else `default`. */
  readonly colony?: string | undefined
  /** Names and values of your own, by which missions are found. Default: none. */
  readonly labels?: Labels | undefined
  /** Runs it on a terminal that people can attach to, 80 columns by 24 rows where it does not say. Default: on none. */
  readonly terminal?:
    | { readonly columns?: number | undefined; readonly rows?: number | undefined }
    | undefined
}

/** `marks`: what carries the marks of the run, shares its session, or descends from these. `cgroup`: what is in its control group as well. */
export type Custody = 'marks' | 'cgroup'

/** Names of letters, digits and `._/-`, at most 63 characters; values of at most 255, in one line. */
export type Labels = Readonly<Record<string, string>>

/** `output`: what it writes. `cpu`: that, and that its processes work: at least a twentieth of one processor, seen every two seconds. */
export type Activity = 'output' | 'cpu'

export type OnParentExit = 'keep' | 'stop'

export type OnExit = 'nothing' | 'tell-parent'

/** A mission's description with every default filled in; checked once, trusted afterwards. */
export interface MissionSpec {
  readonly command: Command
  readonly cwd: string
  readonly type: MissionType
  readonly provider: string
  readonly model: string | null
  readonly options: ProviderOptions
  readonly maxCostUsd: number | null
  readonly maxTurns: number | null
  readonly maxTokens: number | null
  readonly onLimit: OnLimit
  readonly askTimeoutMs: number | null
  readonly onAskTimeout: OnAskTimeout
  readonly restart: RestartPolicy
  readonly maxRestarts: number
  readonly maxSeconds: number
  readonly backoffMs: number
  readonly activityTimeoutMs: number | null
  readonly activity: Activity
  readonly timeoutMs: number | null
  readonly stopSignal: NodeJS.Signals
  readonly stopTimeoutMs: number
  readonly successCodes: readonly number[]
  readonly outputLimitBytes: number
  readonly custody: Custody
  readonly memoryBytes: number | null
  readonly cpus: number | null
  readonly pids: number | null
  readonly parent: MissionId | null
  readonly onParentExit: OnParentExit
  readonly onExit: OnExit
  readonly priority: number
  readonly colony: string
  readonly labels: Labels
  /** The size that its terminal has at first; null when it runs on none. */
  readonly terminal: TerminalSize | null
  /** Its place in a team, which restarts it together with others. */
  readonly team: Membership | null
}

/** The environment of a mission. Kept apart from the spec so that nothing that shows a spec can show it. */
export type Environment = Readonly<Record<string, string>>

const MEBIBYTE = 2 ** 20

/** Linux refuses a single argument or environment string of 128 KiB or more. */
const LONGEST_STRING = 128 * 1024 - 1
/** Below the smallest limit Linux sets for arguments and environment together (a quarter of an 8 MiB stack). */
const LARGEST_ENVIRONMENT = 1_500_000
/** Of processors, and of processes: as many as Linux counts. */
const MOST = 2 ** 22
const LONGEST_DURATION_MS = 365 * 24 * 3600 * 1000

function isJson(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) {
    const prototype: unknown = Object.getPrototypeOf(value)
    const plain = Array.isArray(value) || prototype === Object.prototype || prototype === null
    return plain && Object.values(value).every(isJson)
  }
  return value === null || ['string', 'boolean'].includes(typeof value) || Number.isFinite(value)
}

const noNul = (text: string): boolean => !text.includes('\0')

const duration = (least: number): z.ZodType<number> =>
  z
    .number('must be a number of milliseconds')
    .int('must be a whole number of milliseconds')
    .min(least, `must be at least ${least} milliseconds`)
    .max(LONGEST_DURATION_MS, 'must be at most a year')

const limit = (what: string): z.ZodType<number> =>
  z
    .number(`must be a number of ${what}`)
    .int(`must be a whole number of ${what}`)
    .min(1, `must be at least 1`)

/** As for whoever attaches, see the terminal's protocol. */
const LARGEST_SIDE = 1000

const side = z
  .number('must be a number of cells')
  .int('must be a whole number of cells')
  .min(1, 'must be at least 1')
  .max(LARGEST_SIDE, `must be at most ${LARGEST_SIDE}`)
  .optional()

const argument = z
  .string('must be text')
  .refine(noNul, 'must not contain a NUL character')
  .refine((text) => Buffer.byteLength(text) <= LONGEST_STRING, {
    message: `must be at most ${LONGEST_STRING} bytes long`,
    params: { code: 'command_too_long' },
  })

const empty = { params: { code: 'empty_command' } }

/** The rule of each field of a `MissionInput`; the API publishes the same rules. */
export const missionInputShape: { readonly [K in keyof Required<MissionInput>]: z.ZodType } = {
  command: z
    .union(
      [
        argument,
        z.array(argument).refine((argv) => argv[0] !== undefined && argv[0] !== '', {
          message: 'must name a program',
          ...empty,
        }),
      ],
      'must be a command line or a list of a program and its arguments',
    )
    .optional(),
  name: z.string('must be text').refine(isName, `must be ${NAME_RULE}`).optional(),
  cwd: z
    .string('must be text')
    .refine(noNul, 'must not contain a NUL character')
    .refine((path) => path.startsWith('/'), 'must be an absolute path')
    .optional(),
  env: z.record(z.string(), z.string('must be text'), 'must be an object of texts').optional(),
  type: z
    .enum(['task', 'session', 'blueprint', 'ritual'], {
      error: () => 'must be one of task, session, blueprint, ritual',
    })
    .optional(),
  provider: z.string('must be text').min(1, 'must not be empty').optional(),
  model: z
    .string('must be text')
    .min(1, 'must not be empty')
    .refine(noNul, 'must not contain a NUL character')
    .optional(),
  options: z
    .record(z.string(), z.unknown(), 'must be an object of options')
    .refine(isJson, 'must be JSON')
    .optional(),
  maxCostUsd: z
    .number('must be a number of US dollars')
    .positive('must be more than 0 US dollars')
    .optional(),
  maxTurns: limit('turns').optional(),
  maxTokens: limit('tokens').optional(),
  onLimit: z.enum(['wait', 'exit'], { error: () => 'must be one of wait, exit' }).optional(),
  askTimeoutMs: duration(1).optional(),
  onAskTimeout: z.enum(['deny', 'stop'], { error: () => 'must be one of deny, stop' }).optional(),
  restart: z
    .enum(['never', 'on-failure', 'always'], {
      error: () => 'must be one of never, on-failure, always',
    })
    .optional(),
  retries: z.number('must be a number').int('must be a whole number').min(0, 'must be at least 0').optional(),
  maxRestarts: z
    .number('must be a number')
    .int('must be a whole number')
    .min(0, 'must be at least 0 (0 is unlimited)')
    .optional(),
  maxSeconds: z.number('must be a number of seconds').positive('must be more than 0').optional(),
  backoffMs: duration(0).optional(),
  activityTimeoutMs: duration(1).optional(),
  activity: z.enum(['output', 'cpu'], { error: () => 'must be one of output, cpu' }).optional(),
  timeoutMs: duration(1).optional(),
  stopSignal: z
    .string('must be text')
    .refine(isSignal, 'must be a signal such as SIGTERM or SIGINT')
    .optional(),
  stopTimeoutMs: duration(0).optional(),
  successCodes: z
    .array(
      z
        .number('must be a number')
        .int('must be a whole number')
        .min(0, 'must be at least 0')
        .max(255, 'must be at most 255'),
      'must be a list of exit codes',
    )
    .optional(),
  outputLimitBytes: z
    .number('must be a number of bytes')
    .int('must be a whole number of bytes')
    .min(MEBIBYTE, `must be at least ${MEBIBYTE} bytes`)
    .optional(),
  custody: z.enum(['marks', 'cgroup'], { error: () => 'must be one of marks, cgroup' }).optional(),
  memoryBytes: z
    .number('must be a number of bytes')
    .int('must be a whole number of bytes')
    .min(MEBIBYTE, `must be at least ${MEBIBYTE} bytes`)
    .optional(),
  cpus: z
    .number('must be a number of processors')
    .min(0.01, 'must be at least 0.01')
    .max(MOST, `must be at most ${MOST}`)
    .optional(),
  pids: z
    .number('must be a number of processes')
    .int('must be a whole number of processes')
    .min(1, 'must be at least 1')
    .max(MOST, `must be at most ${MOST}`)
    .optional(),
  parent: z.string('must be text').min(1, 'must not be empty').optional(),
  onParentExit: z.enum(['keep', 'stop'], { error: () => 'must be one of keep, stop' }).optional(),
  onExit: z
    .enum(['nothing', 'tell-parent'], { error: () => 'must be one of nothing, tell-parent' })
    .optional(),
  priority: z
    .number('must be a number')
    .int('must be a whole number')
    .min(-1000, 'must be at least -1000')
    .max(1000, 'must be at most 1000')
    .optional(),
  colony: z.string('must be text').refine(isName, `must be ${NAME_RULE}`).optional(),
  labels: z
    .record(
      z.string(),
      z
        .string('must be text')
        .max(255, 'must have at most 255 characters')
        // Not as a pattern: in the API's document those have no flags.
        .refine((value) => !/\p{Cc}/u.test(value), 'must be one line, without control characters'),
      'must be an object of names and values',
    )
    .refine((labels) => Object.keys(labels).every((name) => /^[\w./-]{1,63}$/.test(name)), {
      error: 'must have names of letters, digits and ._/-, of at most 63 characters',
    })
    .optional(),
  terminal: z.strictObject({ columns: side, rows: side }, 'must be an object of columns and rows').optional(),
}

const missionInput = z.strictObject(missionInputShape)

/** What a spec takes from the process that asks for it. */
export interface Caller {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
}

export interface ParsedMission {
  readonly name: string | undefined
  /** As it was given: which mission it means is not a matter of form. */
  readonly parent: string | undefined
  /** What it takes from its parent unless it says so itself. */
  readonly inherited: { readonly priority: number | undefined; readonly colony: string | undefined }
  readonly spec: Omit<MissionSpec, 'parent' | 'team' | 'priority' | 'colony'>
  readonly env: Environment
}

/** Checks a description and fills in its defaults. @throws OvermindError that names field, rule and value. */
export function parseMission(input: unknown, caller: Caller): ParsedMission {
  const parsed = missionInput.safeParse(input)
  if (!parsed.success) throw invalidSpec(parsed.error, input)
  // The schema above is this type's rule by rule; zod's own inference stops at the shape's declared type.
  const given = parsed.data as MissionInput
  const type = given.type ?? 'task'
  if (type === 'session' && given.terminal !== undefined) {
    throw new OvermindError(
      'invalid_spec',
      'terminal: a session takes messages, and no keys: leave one of both',
      {
        field: 'terminal',
      },
    )
  }
  return {
    name: given.name,
    parent: given.parent,
    inherited: { priority: given.priority, colony: given.colony },
    env: parseEnvironment(given.env === undefined ? definedOnly(caller.env) : environmentOf(input)),
    spec: {
      command: commandOf(given.command, type),
      cwd: given.cwd ?? caller.cwd,
      type,
      provider: given.provider ?? 'raw',
      model: given.model ?? null,
      options: given.options ?? {},
      maxCostUsd: given.maxCostUsd ?? null,
      maxTurns: given.maxTurns ?? null,
      maxTokens: given.maxTokens ?? null,
      onLimit: given.onLimit ?? 'wait',
      askTimeoutMs: given.askTimeoutMs ?? null,
      onAskTimeout: given.onAskTimeout ?? 'deny',
      ...restartsOf(given),
      backoffMs: given.backoffMs ?? 1000,
      activityTimeoutMs: given.activityTimeoutMs ?? null,
      activity: given.activity ?? 'output',
      timeoutMs: given.timeoutMs ?? null,
      stopSignal: given.stopSignal ?? 'SIGTERM',
      stopTimeoutMs: given.stopTimeoutMs ?? usualStopTimeMs(type),
      successCodes: given.successCodes ?? [0],
      outputLimitBytes: given.outputLimitBytes ?? 256 * MEBIBYTE,
      custody: custodyOf(given),
      memoryBytes: given.memoryBytes ?? null,
      cpus: given.cpus ?? null,
      pids: given.pids ?? null,
      onParentExit: given.onParentExit ?? 'keep',
      onExit: given.onExit ?? 'nothing',
      labels: given.labels ?? {},
      terminal: given.terminal === undefined ? null : sizeOf(given.terminal),
    },
  }
}

/** @throws OvermindError `empty_command`: only a session has something to do without a command */
/** What looks after others ends when they have, each by its own ladder: no time of its own may overtake them. */
function usualStopTimeMs(type: MissionType): number {
  return type === 'task' || type === 'session' ? 10_000 : LONGEST_DURATION_MS
}

function commandOf(given: MissionInput['command'], type: MissionType): Command {
  if (typeof given === 'object') return { kind: 'exec', argv: nonEmpty(given) }
  const line = given ?? ''
  if (line.trim() === '' && type === 'task') {
    throw new OvermindError('empty_command', 'command must not be empty', { field: 'command', value: given })
  }
  return { kind: 'shell', line }
}

/** Longer than any mission runs: retries are counted over all of its life. */
const EVER_SECONDS = LONGEST_DURATION_MS / 1000

/** What the restart budget is about, in words: ` within 60 s of running time`, or nothing when it is all of its life. */
export function windowText({ maxSeconds }: Pick<MissionSpec, 'maxSeconds'>): string {
  return maxSeconds >= EVER_SECONDS ? '' : ` within ${maxSeconds} s of running time`
}

/** @throws OvermindError `invalid_spec`: retries say it all */
function restartsOf({
  retries,
  restart,
  maxRestarts,
  maxSeconds,
}: MissionInput): Pick<MissionSpec, 'restart' | 'maxRestarts' | 'maxSeconds'> {
  if (retries === undefined) {
    return { restart: restart ?? 'never', maxRestarts: maxRestarts ?? 5, maxSeconds: maxSeconds ?? 60 }
  }
  if (restart !== undefined || maxRestarts !== undefined) {
    throw new OvermindError(
      'invalid_spec',
      'retries: leave out restart and max_restarts, which it stands for',
      { field: 'retries', value: retries },
    )
  }
  // No restarts at all are another policy: as a limit, 0 is none.
  return retries === 0
    ? { restart: 'never', maxRestarts: 5, maxSeconds: maxSeconds ?? 60 }
    : { restart: 'on-failure', maxRestarts: retries, maxSeconds: maxSeconds ?? EVER_SECONDS }
}

/** Only a control group can hold a limit. */
function custodyOf({ custody, memoryBytes, cpus, pids }: MissionInput): Custody {
  const limited = [memoryBytes, cpus, pids].some((limit) => limit !== undefined)
  if (!limited || custody === 'cgroup') return custody ?? 'marks'
  if (custody === undefined) return 'cgroup'
  throw new OvermindError('invalid_spec', 'custody must be cgroup when memory, cpus or pids are limited', {
    field: 'custody',
    value: custody,
  })
}

function sizeOf({ columns, rows }: NonNullable<MissionInput['terminal']>): TerminalSize {
  return {
    columns: columns ?? DEFAULT_TERMINAL_SIZE.columns,
    rows: rows ?? DEFAULT_TERMINAL_SIZE.rows,
  }
}

function nonEmpty(argv: readonly string[]): readonly [string, ...string[]] {
  const [program, ...rest] = argv
  if (program === undefined) throw new OvermindError('empty_command', 'command must name a program')
  return [program, ...rest]
}

/** Taken from the input itself: the schema checks every variable, and leaves out one called `__proto__`. */
function environmentOf(input: unknown): Environment {
  const env = at(input, ['env'])
  const variables = typeof env === 'object' && env !== null ? Object.entries(env) : []
  return Object.fromEntries(
    variables.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

function definedOnly(env: NodeJS.ProcessEnv): Environment {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

function parseEnvironment(env: Environment): Environment {
  let total = 0
  for (const [name, value] of Object.entries(env)) {
    const field = `env.${name}`
    if (name === '' || name.includes('=') || !noNul(name) || !noNul(value)) {
      throw new OvermindError(
        'invalid_spec',
        `env: a variable has a name without "=" and no NUL character in name or value: got ${JSON.stringify(name)}`,
        { field },
      )
    }
    const bytes = Buffer.byteLength(name) + Buffer.byteLength(value) + 2
    total += bytes
    if (bytes > LONGEST_STRING || total > LARGEST_ENVIRONMENT) {
      throw new OvermindError(
        'environment_too_large',
        `env: one variable may have ${LONGEST_STRING} bytes and all together ${LARGEST_ENVIRONMENT}: ${name} exceeds that`,
        { field },
      )
    }
  }
  return env
}

function invalidSpec(error: z.ZodError, input: unknown): OvermindError {
  const issue = deepest(error.issues[0])
  if (issue === undefined) return new OvermindError('invalid_spec', 'the mission is not valid')
  if (issue.code === 'unrecognized_keys') {
    const field = issue.keys[0] ?? ''
    return new OvermindError('invalid_spec', `${field}: no such field`, { field })
  }
  const field = issue.path.join('.')
  // The whole input would show the environment that may be in it.
  const value = field === '' || field.startsWith('env') ? undefined : at(input, issue.path)
  const shown = value === undefined ? '' : `: got ${shorten(JSON.stringify(value))}`
  const missing =
    field === '' ? 'a mission must be an object with at least a command' : `${field} ${issue.message}`
  return new OvermindError(codeOf(issue, field), `${missing}${shown}`, { field, value })
}

function codeOf(issue: z.core.$ZodIssue, field: string): ErrorCode {
  if (issue.code === 'custom' && issue.params?.['code'] === 'empty_command') return 'empty_command'
  if (issue.code === 'custom' && issue.params?.['code'] === 'command_too_long') return 'command_too_long'
  if (field === 'restart') return 'invalid_restart_policy'
  return 'invalid_spec'
}

/** A union reports each alternative's issues; the one about the alternative of the right type helps. */
function deepest(issue: z.core.$ZodIssue | undefined): z.core.$ZodIssue | undefined {
  if (issue?.code !== 'invalid_union') return issue
  const inner = issue.errors.flat().find((candidate) => candidate.code !== 'invalid_type')
  return inner === undefined ? issue : { ...inner, path: [...issue.path, ...inner.path] }
}

function at(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = Reflect.get(value, key)
  }
  return value
}

function shorten(text: string | undefined): string {
  if (text === undefined) return ''
  return text.length <= 80 ? text : `${text.slice(0, 77)}…`
}
