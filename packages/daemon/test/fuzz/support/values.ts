/** Values by a schema of the document, and values that no schema wants. Whatever they make run does no harm. */
import fc from 'fast-check'
import type { Schema } from './document.ts'

/** Names of what is there, and of what is not. Words in capitals stand for ids that are known when they are sent. */
export const WORDS: readonly string[] = [
  'runs',
  'ended',
  'talks',
  'crew',
  'line',
  'works',
  'fails',
  'MESSAGE',
  'ANSWERED',
  'ASK',
  'nobody',
]

/** What the parameters of a path mostly name; others are anything of the words. */
export const NAMED: Readonly<Record<string, readonly string[]>> = {
  reference: ['runs', 'ended', 'talks', 'nobody'],
  name: ['crew', 'line', 'works', 'fails', 'nobody'],
  message: ['MESSAGE', 'ANSWERED', 'nobody'],
  ask: ['ASK', 'ASK', 'nobody'],
}

const LONG = 'x'.repeat(200_000)

/** What is dangerous to those who trust text. */
export const ODD_TEXT: readonly string[] = [
  '',
  ' ',
  '\0',
  'a\nb',
  '\u001B[31mred',
  '\u0085\u009B',
  '\uD800',
  '\uDC00\uD800',
  '\u202Eabc',
  '\uFEFF',
  'NaN',
  '-1',
  '1e999',
  '0x10',
  '99999999999999999999',
  '1'.repeat(15),
  '9'.repeat(15),
  'true',
  '__proto__',
  'constructor',
  'toString',
  '../../etc/passwd',
  '/etc/passwd',
  '%2e%2e%2f',
  '$(true)',
  '9999-12-31T23:59:59.999Z',
  '-271821-04-20',
  '2020-13-45',
  LONG,
]

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value }
  return value
}

export const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(...ODD_TEXT),
  fc.constantFrom<unknown>(null, true, false, 0, -0, -1, 0.5, 255, 256, 1e15, 2 ** 31, 2 ** 53, 2 ** 63),
  fc.constantFrom<unknown>(1e308, -1e308, 5e-324, [], {}, [null], [[]], { '': '' }, nested(200)),
  fc.constantFrom<unknown>(['true', 7], ['true\0'], [''], { A: 'b\0' }, { 'A=B': '' }, { A: LONG }),
)

/** One field, however deep, has another value; or there is one more. */
export function otherField(body: unknown, [place, value]: readonly [number, unknown]): unknown {
  if (typeof body !== 'object' || body === null) return value
  const entries: [string, unknown][] = Object.entries(body)
  const at = place % (entries.length + 1)
  const [name, inner] = entries[at] ?? [
    ['__proto__', 'constructor', 'more', 'maxRestarts'][place % 4] ?? '',
    value,
  ]
  const deeper =
    at < Object.keys(body).length && typeof inner === 'object' && inner !== null && place % 2 === 0
  entries[at] = [name, deeper ? otherField(inner, [Math.floor(place / 3), value]) : value]
  return Array.isArray(body) ? entries.map(([, each]) => each) : Object.fromEntries(entries)
}

/** By the name of a field: what is understood there, and harms nobody. */
function knownFields(folder: string): Readonly<Record<string, fc.Arbitrary<unknown>>> {
  const command = fc.oneof(
    fc.constantFrom<unknown>('true', 'false', 'echo hello', 'exit 3', ['true'], 'sleep 1000'),
    fc.constantFrom(...ODD_TEXT).map((text) => ['echo', text]),
  )
  const agents = fc.record(
    { a: fc.constant({ command: 'true' }), b: fc.constantFrom({ command: 'true', depends_on: ['a'] }) },
    { requiredKeys: ['a'] },
  )
  return {
    command,
    name: fc.integer({ min: 0, max: 1e6 }).map((number) => `n${number}`),
    cwd: fc.constant(folder),
    env: fc.constantFrom({ PATH: '/usr/bin:/bin' }, { PATH: '/usr/bin:/bin', A: '\u001B[1m', B: '' }),
    provider: fc.constantFrom('raw', 'acp', 'no-such'),
    options: fc.constantFrom<unknown>({}, { agent: 'no-such-agent' }, { schedule: '* * * * *' }),
    model: fc.constant('some-model'),
    parent: fc.constantFrom(...WORDS),
    stop_signal: fc.constantFrom('SIGTERM', 'SIGKILL', 'SIGINT', 'TERM', 'SIGNOPE'),
    colony: fc.constantFrom('default', 'other'),
    labels: fc.constantFrom({ a: 'b' }, { 'x/y': '' }),
    strategy: fc.constantFrom('one_for_one', 'one_for_all', 'rest_for_one'),
    id: fc.constantFrom('first', 'second', 'third'),
    hook: fc.constantFrom('works', 'fails', 'nobody'),
    // Long waits, and many restarts, would only take time.
    timeout_ms: fc.constantFrom(1, 50),
    max_restarts: fc.constantFrom(0, 1),
    retries: fc.constantFrom(0, 1),
    document: fc.record({ name: fc.constantFrom('line', 'other', 'third'), agents }),
    replicas: fc.constantFrom({ a: 1 }, { a: 3 }, { a: 0 }, { no: 1 }),
    since: fc.constantFrom(0, 1, 1e12),
    fields: fc.constantFrom('id', 'id,name,status', 'no'),
    filter: fc.constantFrom('status=running', 'name=*', 'label=a=b', 'no=x'),
  }
}

/** Values that a schema lets pass. */
export function valuesOf(schema: Schema, folder: string): fc.Arbitrary<unknown> {
  const known = knownFields(folder)
  const of = ({ type, enum: choices, anyOf, ...rules }: Schema): fc.Arbitrary<unknown> => {
    if (choices !== undefined) return fc.constantFrom(...choices)
    if (anyOf !== undefined) return fc.oneof(...anyOf.map(of))
    switch (Array.isArray(type) ? type[0] : type) {
      case 'object':
        return object(rules)
      case 'array':
        return fc.array(of(rules.items ?? {}), { maxLength: 3 })
      case 'boolean':
        return fc.boolean()
      case 'integer':
        return whole(rules)
      case 'number':
        return fc.oneof(whole(rules), fc.constantFrom(0.5, 1.5))
      default:
        return fc.constantFrom(...WORDS)
    }
  }
  const whole = ({ minimum = 0, maximum = minimum + 10_000 }: Schema): fc.Arbitrary<unknown> =>
    fc.integer({ min: Math.ceil(minimum), max: Math.floor(maximum) })
  const object = ({ properties = {}, required = [] }: Schema): fc.Arbitrary<unknown> => {
    const fields = Object.entries(properties).map(
      ([name, inner]) => [name, known[name] ?? of(inner)] as const,
    )
    const always = new Set([...required, 'command'])
    const optional = fields.map(([name]) => name).filter((name) => !always.has(name))
    // Few of many fields, so that each has its say.
    return fc
      .subarray(optional, { maxLength: Math.min(3, optional.length) })
      .chain((some) =>
        fc.record(Object.fromEntries(fields.filter(([name]) => always.has(name) || some.includes(name)))),
      )
  }
  return of(schema)
}

export function valuesNamed(name: string, schema: Schema, folder: string): fc.Arbitrary<unknown> {
  return knownFields(folder)[name] ?? valuesOf(schema, folder)
}
