/** What may stand in `config.toml`, field by field. */
import { duration, nearest, type Path, type Vocabulary } from '@overmind/blueprint/document'
import { type ConcurrencyLimits, isName, NAME_RULE } from '@overmind/core'
import { z } from 'zod'
import { FILTER_KEYS, FILTER_RULE, isFilter } from '../api/filter.ts'
import { isOfMissions, PATTERNS } from './event-pattern.ts'

const needed =
  (rule: string) =>
  ({ input }: { readonly input?: unknown }): string =>
    input === undefined ? 'is missing' : rule

const text = z
  .string({ error: needed('must be text') })
  .refine((given) => !given.includes('\0'), 'must not contain a NUL character')
const filled = text.refine((given) => given.trim() !== '', 'must not be empty')
const name = text
  .refine((given) => given === '' || isName(given), `must be ${NAME_RULE}`)
  .min(1, 'must not be empty')

const count = z.number('must be a number').int('must be a whole number').min(1, 'must be at least 1')

const limits = {
  missions: count.optional().describe('Missions that may run at a time. Default: no limit.'),
  providers: z
    .record(name, count, 'must be a table of numbers')
    .optional()
    .describe('The same by provider, such as claude = 4.'),
  colonies: z
    .record(name, count, 'must be a table of numbers')
    .optional()
    .describe('The same by colony, such as blog = 2.'),
}

const reference = {
  env: filled
    .refine((variable) => !variable.includes('='), 'must be the name of a variable, without "="')
    .optional()
    .describe("A variable of the daemon's environment."),
  file: filled.optional().describe('A file, seen from the home folder.'),
}

const SECRET_RULE = 'must be text, { env = "NAME" } or { file = "path" }'

const secret = z.union(
  [
    text,
    z
      .strictObject(reference)
      .refine(
        ({ env, file }) => (env === undefined) !== (file === undefined),
        'must have one of env and file',
      ),
  ],
  SECRET_RULE,
)

/** What a request needs to be the one it is. */
const OURS = /^(?:host|connection|content-length|transfer-encoding|expect|overmind-.*)$/i

const header = z
  .string()
  .regex(/^[\w!#$%&'*+.^`|~-]+$/, 'must be the name of a header')
  .refine((name) => !OURS.test(name), 'is a header that Overmind sets itself')

// Editors complete what they can choose from.
const event = text
  .superRefine((pattern, context) => {
    if (PATTERNS.includes(pattern)) return
    const beginning = `${pattern}.*`
    const suggestion = PATTERNS.includes(beginning) ? beginning : nearest(pattern, PATTERNS)
    context.addIssue({
      code: 'custom',
      message: 'must be a type of event, such as mission.exited, or the beginning of some, such as ask.*',
      input: pattern,
      params: { suggestion },
    })
  })
  .meta({ enum: [...PATTERNS] })

const filter = text.superRefine((given, context) => {
  if (isFilter(given)) return
  const equals = given.indexOf('=')
  const meant = equals < 0 ? undefined : nearest(given.slice(0, equals), FILTER_KEYS)
  context.addIssue({
    code: 'custom',
    message: `must be ${FILTER_RULE}`,
    input: given,
    params: { suggestion: meant === undefined ? undefined : meant + given.slice(equals) },
  })
})

const hookFields = {
  name: name.describe('What it is called.'),
  events: z
    .array(event, { error: needed('must be a list of types of events') })
    .min(1, 'must have at least one')
    .describe('Types of events that it is told of, such as "mission.exited", or "ask.*".'),
  filter: z
    .array(filter, 'must be a list such as ["status=crashed"]')
    .optional()
    .describe('Which missions, as for ps --filter. Default: all, and what is of no mission.'),
  command: z
    .array(
      text,
      'must be a list of a program and its arguments, such as ["notify-send", "Overmind"]: no shell reads it',
    )
    .refine((argv) => (argv[0] ?? '').trim() !== '', 'must name a program')
    .optional()
    .describe('A program and its arguments. It gets the event on stdin.'),
  url: text
    .refine(isAddress, 'must be an address that begins with http:// or https://')
    .refine(hasNoUser, 'must be without a user and a password: use headers')
    .optional()
    .describe('An address that the event is posted to.'),
  headers: z
    .record(header, secret, 'must be a table of headers')
    .optional()
    .describe('Headers of what is posted.'),
  secret: secret.optional().describe('Signs what is posted: the header Overmind-Signature.'),
  timeout: duration(z.number().min(1, 'must be more than 0').max(3_600_000, 'must be at most an hour'))
    .optional()
    .describe('How long a try may take. Seconds, or a text such as "10s". Default: 10s.'),
  retries: z
    .number('must be a number')
    .int('must be a whole number')
    .min(0, 'must be at least 0')
    .max(100, 'must be at most 100')
    .optional()
    .describe('Tries after the first. Default: 5.'),
}

function isAddress(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)
}

function hasNoUser(url: string): boolean {
  if (!URL.canParse(url)) return true
  const { username, password } = new URL(url)
  return username === '' && password === ''
}

const hook = z.strictObject(hookFields, 'must be a table').superRefine((hook, context) => {
  const wrong = (path: readonly (string | number)[], message: string, input?: unknown): void =>
    context.addIssue({ code: 'custom', path: [...path], message, input })
  if ((hook.command === undefined) === (hook.url === undefined)) wrong([], 'must have one of command and url')
  for (const field of ['headers', 'secret'] as const) {
    if (hook.command !== undefined && hook[field] !== undefined)
      wrong([field], 'is for a url, and not for a command')
  }
  if (hook.filter === undefined || hook.filter.length === 0) return
  for (const [index, pattern] of hook.events.entries()) {
    if (isOfMissions(pattern)) continue
    wrong(['events', index], 'is of no mission, and filter says which missions')
  }
})

const hooks = z.array(hook, 'must be a list: write [[hooks]]').superRefine((hooks, context) => {
  for (const [index, { name }] of hooks.entries()) {
    const first = hooks.findIndex((other) => other.name === name)
    if (first === index) continue
    context.addIssue({
      code: 'custom',
      path: [index, 'name'],
      message: `is taken by hooks.${first}`,
      input: name,
    })
  }
})

const document = z.strictObject({
  limits: z.strictObject(limits, 'must be a table').optional().describe('How much runs at a time.'),
  hooks: hooks.optional().describe('Who is told of what.'),
})

/** A document that keeps the rules of each field. */
export interface CheckedConfig {
  readonly limits?: ConcurrencyLimits | undefined
  readonly hooks?: readonly CheckedHook[] | undefined
}

export interface CheckedHook {
  readonly name: string
  readonly events: readonly string[]
  readonly filter?: readonly string[] | undefined
  /** This, or `url`. */
  readonly command?: readonly string[] | undefined
  readonly url?: string | undefined
  readonly headers?: Readonly<Record<string, CheckedSecret>> | undefined
  readonly secret?: CheckedSecret | undefined
  /** Milliseconds. */
  readonly timeout?: number | undefined
  readonly retries?: number | undefined
}

export type CheckedSecret =
  | string
  /** One of both. */
  | { readonly env?: string | undefined; readonly file?: string | undefined }

export const configRules: z.ZodType<CheckedConfig> = document

export const configVocabulary: Vocabulary = {
  unknownField: (path, field) => ({ rule: 'no such field', suggestion: nearest(field, fieldsAt(path)) }),
  isSecret,
}

function fieldsAt(path: Path): readonly string[] {
  const [top, second, third] = path
  if (top === undefined) return Object.keys(document.shape)
  if (top === 'limits') return second === undefined ? Object.keys(limits) : []
  if (third === undefined) return Object.keys(hookFields)
  return Object.keys(reference)
}

/** The address of a webhook is often its key; what holds a whole hook holds that, too. */
function isSecret([top, , field]: Path): boolean {
  return (
    top === 'hooks' && (field === undefined || field === 'headers' || field === 'secret' || field === 'url')
  )
}

/** The JSON schema (draft 7) of the file, for editors. */
export function configSchema(): object {
  const schema = z.toJSONSchema(document, { io: 'input', target: 'draft-7', unrepresentable: 'any' })
  return { title: 'Overmind configuration', ...schema }
}
