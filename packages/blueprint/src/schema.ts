/** What may stand in a blueprint, field by field; rules between fields are in `check.ts` and beside it. */
import { isName, type MemberRestart, missionInputShape, NAME_RULE, type TeamStrategy } from '@overmind/core'
import { z } from 'zod'
import type { Condition, OnFailure } from './blueprint.ts'
import { duration, missionFields, numeric, secondsField } from './mission-fields.ts'

const CONDITIONS = ['completed', 'started', 'ready', 'failed', 'ended'] as const satisfies Condition[]
const ON_FAILURE = ['skip', 'run', 'stop'] as const satisfies OnFailure[]
const STRATEGIES = ['one_for_one', 'one_for_all', 'rest_for_one'] as const satisfies TeamStrategy[]
const TEAM_RESTARTS = ['permanent', 'transient', 'temporary'] as const satisfies MemberRestart[]

const oneOf = <const T extends string>(values: readonly T[]): z.ZodType<T> =>
  z.enum(values, { error: () => `must be one of ${values.join(', ')}` })

const text = z
  .string('must be text')
  .refine((given) => !given.includes('\0'), 'must not contain a NUL character')
const filled = text.refine((given) => given.trim() !== '', 'must not be empty')

/** A word that can stand in double braces; with a letter first, the order of a file is the order of an object. */
const WORD = /^[A-Za-z][\w-]*$/
const varName = z.string().regex(WORD, 'must be letters, digits, "_" or "-", beginning with a letter')
const agentName = z.string().refine((name) => WORD.test(name) && isName(name) && name !== 'vars', {
  message:
    'must be at most 63 letters, digits, "_" or "-", beginning with a letter, and neither 8 hexadecimal digits (those are ids) nor "watch" or "vars"',
})

const variable = filled.refine((name) => !name.includes('='), 'must be the name of a variable, without "="')

const envSource = {
  from_env: variable.optional().describe('A variable of whoever applies the blueprint.'),
  from_file: filled.optional().describe('A file, seen from the folder of the blueprint.'),
}

const envValue: z.ZodType<CheckedEnvValue> = z.union(
  [text, z.strictObject(envSource)],
  'must be text, { from_env = "NAME" } or { from_file = "path" }',
)

const env = z
  .record(variable, envValue, 'must be a table of variables')
  .describe('Variables on top of the environment of whoever applies the blueprint.')

const dependency: z.ZodType<string | CheckedDependency> = z.union(
  [
    filled,
    z.strictObject({
      agent: filled.describe('The name of an agent.'),
      when: oneOf(CONDITIONS).optional().describe('What must have happened to it. Default: completed.'),
      on_failure: oneOf(ON_FAILURE)
        .optional()
        .describe('What follows when that cannot happen any more. Default: skip.'),
    }),
  ],
  'must be the name of an agent, or { agent = "name", when = "completed", on_failure = "skip" }',
)

const lookShape = {
  exec: z
    .array(text, 'must be a list of a program and its arguments: a shell line is ["sh", "-c", "…"]')
    .refine((argv) => (argv[0] ?? '') !== '', 'must name a program')
    .optional()
    .describe('A program that ends with 0 when all is well.'),
  http: text
    .refine(
      (url) => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol),
      'must be an address such as "http://localhost:3000/health"',
    )
    .optional()
    .describe('An address that answers with a status below 400.'),
  timeout: duration().optional().describe('After which a look has failed. Default: 5 seconds.'),
}

const probeShape = {
  ...lookShape,
  output: filled
    .refine((line) => !line.includes('\n'), 'must be one line')
    .optional()
    .describe('A text that is found in a line of its output.'),
  interval: duration().optional().describe('Between two looks. Default: 1 second.'),
}

const livenessShape = {
  ...lookShape,
  interval: duration().optional().describe('Between two looks. Default: 10 seconds.'),
  failures: z
    .number('must be a number')
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .optional()
    .describe('So many looks that fail one after the other end its run. Default: 3.'),
}

const probe: z.ZodType<CheckedProbe> = z.strictObject(
  probeShape,
  'must be a table with one of exec, http and output',
)

const liveness: z.ZodType<CheckedLiveness> = z.strictObject(
  livenessShape,
  'must be a table with one of exec and http',
)

const mission = Object.fromEntries(Object.entries(missionFields).map(([name, { rule }]) => [name, rule]))

const shared = {
  ...mission,
  env: env.optional(),
  ready: probe.optional().describe('What shows that it is ready. Default: that it runs.'),
  alive: liveness.optional().describe('What shows that it is still of use. Default: that it runs.'),
}

export const MOST_REPLICAS = 1000

const updateShape = {
  max_unavailable: z
    .number('must be a number')
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .optional()
    .describe('So many copies may be of no use at a time because they are replaced. Default: 1.'),
  within: duration()
    .optional()
    .describe(
      'How long a new copy may take to be of use, before nothing more is replaced. Default: 5 minutes.',
    ),
  stay_up: duration()
    .optional()
    .describe('How long a new copy without a probe must have run to be of use. Default: 5 seconds.'),
}

const agent = z.strictObject(
  {
    command: missionInputShape.command.describe(
      'A shell line, the prompt for an agent, or a program and its arguments.',
    ),
    depends_on: z
      .array(dependency, 'must be a list of agents')
      .optional()
      .describe('What must have happened before it is started.'),
    replicas: z
      .number('must be a number')
      .int('must be a whole number')
      .min(0, 'must be at least 0')
      .max(MOST_REPLICAS, `must be at most ${MOST_REPLICAS}`)
      .optional()
      .describe('Copies that are kept alive: web-1, web-2 and so on.'),
    update: z
      .strictObject(updateShape, 'must be a table')
      .optional()
      .describe('How copies are replaced when their description has changed.'),
    team: filled.optional().describe('The team that it is a member of.'),
    team_restart: oneOf(TEAM_RESTARTS)
      .optional()
      .describe('When its team starts it again: always, when it failed, or never. Default: transient.'),
    ...shared,
  },
  'must be a table',
)

const teamShape = {
  strategy: oneOf(STRATEGIES).describe(
    'Who starts again with a member that has failed: nobody, all, or those behind it.',
  ),
  max_restarts: z
    .number('must be a number')
    .int('must be a whole number')
    .min(0, 'must be at least 0')
    .optional()
    .describe('It gives up when there would be more restarts within max_seconds. Default: 5.'),
  max_seconds: numeric(secondsField('maxSeconds', 'The time that max_restarts is about. Default: 60.').rule),
}

const teamName = z
  .string()
  .refine(
    (name) => WORD.test(name) && isName(name),
    'must be letters, digits, "_" or "-", beginning with a letter',
  )

const team: z.ZodType<CheckedTeam> = z.strictObject(teamShape, 'must be a table with a strategy')

const count = z
  .number('must be a number')
  .int('must be a whole number')
  .min(1, 'must be at least 1')
  .optional()

const document = z.strictObject(
  {
    name: text.refine(isName, `must be ${NAME_RULE}`).optional().describe('Default: the name of the file.'),
    max_parallel: count.describe('Agents at work at a time. Default: no limit.'),
    deadline: duration().optional().describe('How long all of it may take. Seconds, or a text such as "2h".'),
    max_cost: numeric(missionInputShape.maxCostUsd).describe(
      'US dollars that all agents may spend together.',
    ),
    max_turns: numeric(missionInputShape.maxTurns).describe('Answers that all agents may give together.'),
    max_tokens: numeric(missionInputShape.maxTokens).describe('Tokens that all agents may use together.'),
    vars: z
      .record(varName, z.union([text, z.number(), z.boolean()], 'must be text, a number, true or false'))
      .optional()
      .describe('What {{ vars.name }} stands for.'),
    defaults: z.strictObject(shared, 'must be a table').optional().describe('Fields of every agent.'),
    teams: z
      .record(teamName, team, 'must be a table of teams')
      .optional()
      .describe('Agents that are supervised as one, by the name of their team.'),
    agents: z.record(agentName, agent, 'must be a table of agents').describe('What is run, by name.'),
  },
  'must be a table',
)

/** A document that keeps the rules of each field, in the units of a mission. */
export interface CheckedDocument extends Totals {
  readonly name?: string | undefined
  readonly defaults?: CheckedAgent | undefined
  readonly teams?: Readonly<Record<string, CheckedTeam>> | undefined
  readonly agents: Readonly<Record<string, CheckedAgent>>
}

interface Totals {
  readonly max_parallel?: number | undefined
  readonly deadline?: number | undefined
  readonly max_cost?: number | undefined
  readonly max_turns?: number | undefined
  readonly max_tokens?: number | undefined
}

export interface CheckedAgent {
  readonly depends_on?: readonly (string | CheckedDependency)[] | undefined
  readonly env?: Readonly<Record<string, CheckedEnvValue>> | undefined
  readonly ready?: CheckedProbe | undefined
  readonly alive?: CheckedLiveness | undefined
  readonly retries?: number | undefined
  readonly replicas?: number | undefined
  readonly update?: CheckedUpdate | undefined
  readonly team?: string | undefined
  readonly team_restart?: MemberRestart | undefined
  /** `command` and the fields of `missionFields`, each by the mission's own rule. */
  readonly [field: string]: unknown
}

export interface CheckedUpdate {
  readonly max_unavailable?: number | undefined
  /** Milliseconds, as is `stay_up`. */
  readonly within?: number | undefined
  readonly stay_up?: number | undefined
}

export interface CheckedTeam {
  readonly strategy: TeamStrategy
  readonly max_restarts?: number | undefined
  readonly max_seconds?: number | undefined
}

export interface CheckedDependency {
  readonly agent: string
  readonly when?: Condition | undefined
  readonly on_failure?: OnFailure | undefined
}

export type CheckedEnvValue =
  | string
  /** One of both. */
  | { readonly from_env?: string | undefined; readonly from_file?: string | undefined }

export interface CheckedProbe extends CheckedLook {
  readonly output?: string | undefined
}

export interface CheckedLiveness extends CheckedLook {
  readonly failures?: number | undefined
}

export interface CheckedLook {
  readonly exec?: readonly string[] | undefined
  readonly http?: string | undefined
  /** Milliseconds, as is `timeout`. */
  readonly interval?: number | undefined
  readonly timeout?: number | undefined
}

/** The rules of a document whose `include` has been followed. */
export const documentRules: z.ZodType<CheckedDocument> = document

/** Fields by the kind of table they stand in, to suggest the one that is meant. */
export const fieldsOf: Readonly<Record<TableKind, readonly string[]>> = {
  document: [...Object.keys(document.shape), 'include'],
  agent: Object.keys(agent.shape),
  defaults: Object.keys(shared),
  team: Object.keys(teamShape),
  update: Object.keys(updateShape),
  dependency: ['agent', 'when', 'on_failure'],
  ready: Object.keys(probeShape),
  alive: Object.keys(livenessShape),
  env: Object.keys(envSource),
  terminal: ['columns', 'rows'],
}

export type TableKind =
  | 'document'
  | 'agent'
  | 'defaults'
  | 'team'
  | 'update'
  | 'dependency'
  | 'ready'
  | 'alive'
  | 'env'
  | 'terminal'

/** The JSON schema (draft 7) of a blueprint's file, for editors. */
export function blueprintSchema(): object {
  const file = document.extend({
    agents: document.shape.agents.optional(),
    include: z
      .array(text)
      .optional()
      .describe('Files whose vars, defaults, teams and agents come first, seen from the folder of this one.'),
  })
  const schema = z.toJSONSchema(file, { io: 'input', target: 'draft-7', unrepresentable: 'any' })
  return { title: 'Overmind blueprint', ...schema }
}
