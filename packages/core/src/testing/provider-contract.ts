/**
 * The suite that every provider must pass, whatever its agent is. It starts nothing: a provider is shown by samples what
 * its missions look like and what its agent said once, and must do with these what the runtime relies on.
 */
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { newConversation } from '../mission/conversation.ts'
import { type Conversation, nothingSpent } from '../model/conversation.ts'
import { type ErrorCode, OvermindError } from '../model/errors.ts'
import {
  type Environment,
  type MissionInput,
  type MissionSpec,
  parseMission,
  DEFAULT_COLONY,
} from '../model/spec.ts'
import type { Beginning, Invocation, Provider } from '../provider/provider.ts'
import type { Fact, Talk } from '../provider/talk.ts'
import { garbage, mutationsOf } from './mutations.ts'

/** What a provider is shown. */
export interface ProviderSample {
  readonly provider: Provider
  /** What the missions find: where the agent is installed, above all. */
  readonly env: Environment
  /** Missions that may be started. */
  readonly missions: readonly MissionInput[]
  /** Missions that may not, with the code of the error and what its sentence must name. */
  readonly refused: readonly {
    readonly mission: MissionInput
    /** Default: that of the sample. */
    readonly env?: Environment
    readonly code: ErrorCode
    readonly names: string
  }[]
  /** What agents said, of those that talk. */
  readonly recordings: readonly Recording[]
  /**
   * `protocol`: lines of kinds that it does not know say nothing. `lines`: each line is an answer, whatever is in it.
   */
  readonly speech: 'protocol' | 'lines'
  /** `resumes`: another run goes on with the conversation. `begins anew`: it does not. */
  readonly restart: 'resumes' | 'begins anew'
}

/** A run as the agent wrote it. */
export interface Recording {
  readonly title: string
  readonly mission: MissionInput
  readonly lines: readonly string[]
  /** The types of all facts, in their order. */
  readonly facts: readonly Fact['type'][]
  /** The answers, in their order, each with the messages it is about; null when the agent does not say. */
  readonly answers: readonly {
    readonly messages: readonly string[] | null
    readonly ok: boolean
    readonly text: string
  }[]
}

/** One rule; `check` throws, or rejects, when the provider breaks it. */
export interface Rule {
  readonly title: string
  check(): void | Promise<void>
}

/**
 * The rules for a provider, each to be made a test by whatever runner there is.
 *
 * @example
 * ```ts
 * test.each(providerContract(sample))('$title', ({ check }) => check())
 * ```
 */
export function providerContract(sample: ProviderSample): readonly Rule[] {
  return [
    ...startRules(sample),
    ...(sample.recordings.length === 0 ? [] : talkRules(sample)),
    ...sample.recordings.flatMap((recording) => recordingRules(sample, recording)),
  ]
}

const SECRET = 'secret-e7a1f3'
const ID = '6f1c2a4e-0000-4000-8000-00000000c0de'

function startRules(sample: ProviderSample): readonly Rule[] {
  const { provider, env, missions, refused, restart } = sample
  const secrets = withSecrets(env)
  const checkAll = async (mission: MissionInput, given: Environment): Promise<void> => {
    provider.checkOptions?.(specOf(mission))
    await provider.check?.(specOf(mission), given)
  }
  return [
    {
      title: 'a mission that may be started passes its check',
      check: async () => {
        for (const mission of missions) await checkAll(mission, env)
      },
    },
    ...refused.map(({ mission, env: other = env, code, names }) => ({
      title: `a mission that may not be started is refused with ${code}, and ${names} is named`,
      check: async () => {
        const error = await checkAll(mission, other).then(
          () => undefined,
          (thrown: unknown) => thrown,
        )
        ok(error instanceof OvermindError, `check must throw an OvermindError: got ${String(error)}`)
        strictEqual(error.code, code)
        ok(error.message.includes(names), `the sentence must name ${names}: got ${error.message}`)
      },
    })),
    {
      title: 'the same beginning is the same program',
      check: () => {
        for (const beginning of beginningsOf(missions, env)) {
          const first = provider.invoke(frozen(beginning))
          deepStrictEqual(provider.invoke(frozen(beginning)), first)
          ok(first.argv[0] !== '', 'the program must have a name')
          for (const word of wordsOf(first)) ok(!word.includes('\0'), 'an argument must not hold a NUL')
        }
      },
    },
    {
      title: 'what the environment holds is never an argument, nor the name of an account',
      check: () => {
        for (const beginning of beginningsOf(missions, secrets)) {
          const words = wordsOf(provider.invoke(beginning))
          for (const word of words) ok(!word.includes(SECRET), `a secret stands in the arguments: ${word}`)
          const account = provider.account?.(beginning.spec, beginning.env) ?? ''
          ok(!account.includes(SECRET), `a secret stands in the name of the account: ${account}`)
        }
      },
    },
    {
      title: 'a mission has one account, whenever it is asked',
      check: () => {
        for (const mission of missions) {
          const spec = frozen(specOf(mission))
          strictEqual(provider.account?.(spec, env), provider.account?.(spec, { ...env }))
        }
      },
    },
    {
      title: 'any end can be judged, and the same end in the same way',
      check: () => {
        for (const tail of garbage) {
          for (const code of [null, 0, 1, 126, 137, 255]) {
            const end = frozen({ code, signal: null, tail, at: 0, trouble: null })
            deepStrictEqual(provider.judge?.(end), provider.judge?.(end))
          }
        }
      },
    },
    {
      title:
        restart === 'resumes'
          ? 'a run that resumes is started or told otherwise than one that begins'
          : 'a run of a conversation that is not resumed is started as the first was',
      check: () => {
        for (const mission of missions) {
          const spec = specOf(mission)
          const [fresh, again] = [false, true].map((resumes) => allThatBegins(sample, { spec, env, resumes }))
          if (restart === 'resumes' && provider.talk?.(spec) !== null) ok(fresh !== again)
          else strictEqual(fresh, again)
        }
      },
    },
  ]
}

function talkRules({ provider, recordings, speech }: ProviderSample): readonly Rule[] {
  const talks = recordings.map(({ mission, lines }) => ({ talk: talkOf(provider, mission), lines }))
  return [
    {
      title: 'what the agent is told is the same each time',
      check: () => {
        for (const { mission, lines } of recordings) {
          const [first, second] = [1, 2].map(() => allThatIsTold({ talk: talkOf(provider, mission), lines }))
          deepStrictEqual(second, first)
        }
      },
    },
    {
      title: 'what the agent is told is whole lines, without the end of the last',
      check: () => {
        for (const { talk, lines } of talks) {
          for (const text of allThatIsTold({ talk, lines })) {
            ok(!text.includes('\0'), `there is a NUL in ${JSON.stringify(text)}`)
            ok(!text.endsWith('\n'), `the end of the line is not the provider's: ${JSON.stringify(text)}`)
          }
        }
      },
    },
    {
      title: 'a message is told in as many lines whatever is in it, by agents that take turns',
      check: () => {
        for (const { talk } of talks) {
          if (!talk.turns) continue
          for (const text of MESSAGES) {
            const told = talk.message({ id: ID, text }, conversation())
            strictEqual(
              told.split('\n').length,
              talk.message({ id: ID, text: 'x' }, conversation()).split('\n').length,
            )
          }
        }
      },
    },
    {
      title: 'no line makes it throw, and what it hears can be written down',
      check: () => {
        for (const { talk, lines } of talks) {
          for (const line of [...garbage, ...lines.flatMap((known) => [...mutationsOf(known)])]) {
            const facts = talk.hear(line)
            deepStrictEqual(JSON.parse(JSON.stringify(facts)), facts, `facts of ${line.slice(0, 200)}`)
            talk.show(line)
            talk.answer(line)
          }
        }
      },
    },
    {
      title: 'a line means the same whatever was said before it',
      check: () => {
        for (const { talk, lines } of talks) {
          const forwards = lines.map((line) => talk.hear(line))
          const backwards = lines.toReversed().map((line) => talk.hear(line))
          deepStrictEqual(backwards.toReversed(), forwards)
        }
      },
    },
    ...(speech === 'lines'
      ? []
      : [
          {
            title: 'a line of no kind that is known says nothing',
            check: () => {
              for (const { talk } of talks) {
                for (const line of garbage) deepStrictEqual(talk.hear(line), [], line.slice(0, 200))
              }
            },
          },
        ]),
  ]
}

function recordingRules({ provider, speech }: ProviderSample, recording: Recording): readonly Rule[] {
  const { title, lines, mission } = recording
  const talk = talkOf(provider, mission)
  const heard = lines.map((line) => talk.hear(line))
  const facts = heard.flat()
  const asks = facts.filter((fact) => fact.type === 'asked')
  return [
    {
      title: `${title}: says what happened, in its order`,
      check: () =>
        deepStrictEqual(
          facts.map(({ type }) => type),
          recording.facts,
        ),
    },
    {
      title: `${title}: each message is answered once`,
      check: () => {
        const answered = facts.filter((fact) => fact.type === 'answered')
        deepStrictEqual(
          answered.map(({ messages, ok: good }) => ({ messages, ok: good })),
          recording.answers.map(({ messages, ok: good }) => ({ messages, ok: good })),
        )
        const named = answered.flatMap(({ messages }) => messages ?? [])
        strictEqual(new Set(named).size, named.length, 'a message is answered twice')
      },
    },
    {
      title: `${title}: the answers are found where they are said to stand`,
      check: () => {
        const ends = heard.flatMap((of, line) => (of.some(({ type }) => type === 'answered') ? [line] : []))
        deepStrictEqual(
          ends.map((end, nth) => {
            const begin = talk.answers === 'line' ? end : (ends[nth - 1] ?? -1) + 1
            return talk.answer(lines.slice(begin, end + 1).join('\n')).text
          }),
          recording.answers.map(({ text }) => text),
        )
      },
    },
    {
      title: `${title}: the agent shows once that it listens`,
      check: () => {
        if (talk.turns) strictEqual(facts.filter(({ type }) => type === 'ready').length, 1)
      },
    },
    {
      title: `${title}: a question can be answered both ways, and its input is JSON`,
      check: () => {
        for (const { ask } of asks) {
          const open = { ...ask, at: 0, verdict: null }
          const allow = talk.verdict(open, { decision: 'allow', rule: ask.rule })
          const deny = talk.verdict(open, { decision: 'deny', reason: 'no\nnever "so"' })
          JSON.parse(ask.input)
          ok(allow !== deny, 'to allow and to deny is the same')
          if (speech === 'protocol') strictEqual(allow.includes('\n') || deny.includes('\n'), false)
        }
      },
    },
  ]
}

/** What people say, and what would break a line if it were put into one as it is. */
const MESSAGES: readonly string[] = [
  'two\nlines',
  'a\r\nb\n\n',
  '"quoted" \\ back',
  '\u2028\u2029',
  'ü€😀',
  '{"type":"result"}',
  '\ud800',
  '@file',
  'x'.repeat(100_000),
]

function specOf(mission: MissionInput): MissionSpec {
  const { spec } = parseMission(mission, { cwd: '/', env: {} })
  return { ...spec, priority: 0, colony: DEFAULT_COLONY, parent: null, team: null }
}

function conversation(over: Partial<Conversation> = {}): Conversation {
  return { ...newConversation(ID), turn: 'idle', ...over }
}

/** A mission that is to talk does. */
function talkOf(provider: Provider, mission: MissionInput): Talk {
  const talk = provider.talk?.(frozen(specOf(mission))) ?? null
  ok(talk !== null, `a mission of ${provider.name} with a recording must talk`)
  return talk
}

function beginningsOf(missions: readonly MissionInput[], env: Environment): readonly Beginning[] {
  return missions.flatMap((mission) => {
    const spec = specOf(mission)
    return [
      { spec, env, run: 1, conversation: null },
      ...[false, true].map((resumes) => beginning({ spec, env, resumes })),
    ]
  })
}

interface Begins {
  readonly spec: MissionSpec
  readonly env: Environment
  readonly resumes: boolean
}

function beginning({ spec, env, resumes }: Begins): Beginning {
  return {
    spec,
    env,
    run: resumes ? 2 : 1,
    conversation: { id: ID, resumes, rules: [], unfinished: false, spent: nothingSpent, terminal: null },
  }
}

/** What everybody may see of it. */
function wordsOf({ argv }: Invocation): readonly string[] {
  return argv.map((word) => (typeof word === 'string' ? word : word.before))
}

/** The program, the greeting, and every reply that an agent may await: what makes one run differ from another. */
function allThatBegins({ provider, recordings }: ProviderSample, begins: Begins): string {
  const { argv } = provider.invoke(beginning(begins))
  const talk = provider.talk?.(begins.spec) ?? null
  if (talk === null) return JSON.stringify(argv)
  const now = conversation({ memory: begins.resumes ? 'closed' : 'none' })
  const wishes = recordings.flatMap(({ lines }) => wishesIn(talk, lines))
  return JSON.stringify([argv, talk.greet(now), ...wishes.map((wish) => talk.reply(wish, now))])
}

function wishesIn(talk: Talk, lines: readonly string[]): readonly string[] {
  return lines
    .flatMap((line) => talk.hear(line))
    .filter((fact) => fact.type === 'awaits')
    .map(({ wish }) => wish)
}

function allThatIsTold({
  talk,
  lines,
}: {
  readonly talk: Talk
  readonly lines: readonly string[]
}): readonly string[] {
  const now = conversation()
  return [
    talk.greet(now),
    talk.interrupt('request', now),
    talk.farewell(),
    talk.nudge(),
    ...wishesIn(talk, lines).map((wish) => talk.reply(wish, now)),
    ...MESSAGES.map((text) => talk.message({ id: ID, text: text.trimEnd() }, now)),
  ].filter((text) => text !== null)
}

/** Values that throw when they are changed. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const inner of Object.values(value)) frozen(inner)
  }
  return value
}

function withSecrets(env: Environment): Environment {
  const names = [
    'API_KEY',
    'ANTHROPIC_API_KEY',
    'OPENAI_API_KEY',
    'GEMINI_API_KEY',
    'ANTHROPIC_AUTH_TOKEN',
    'TOKEN',
  ]
  return { ...env, ...Object.fromEntries(names.map((name) => [name, SECRET])) }
}
