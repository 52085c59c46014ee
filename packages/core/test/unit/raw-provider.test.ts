import { expect, test } from 'vitest'
import { nothingSpent, type Provider } from '../../src/index.ts'
import { rawProvider } from '../../src/provider/raw.ts'
import { providerContract, type ProviderSample } from '../../src/testing/index.ts'

const sample: ProviderSample = {
  provider: rawProvider,
  env: { PATH: '/usr/bin:/bin' },
  missions: [{ command: 'echo hello' }, { command: ['echo', 'hello'] }, { type: 'session' }],
  refused: [
    { mission: { command: ['no-such-program'] }, code: 'command_not_found', names: 'no-such-program' },
  ],
  recordings: [
    {
      title: 'a program that repeats what it reads',
      mission: { type: 'session' },
      lines: ['first', '', 'third'],
      facts: ['answered', 'answered', 'answered'],
      answers: ['first', '', 'third'].map((text) => ({ messages: null, ok: true, text })),
    },
  ],
  speech: 'lines',
  restart: 'begins anew',
}

test.each(providerContract(sample))('raw, as every provider: $title', async ({ check }) => {
  await expect(Promise.resolve().then(check)).resolves.toBeUndefined()
})

/** The titles of the rules that a provider breaks. */
async function brokenBy(provider: Partial<Provider>): Promise<readonly string[]> {
  const broken: string[] = []
  const rules = providerContract({ ...sample, provider: { ...rawProvider, ...provider }, speech: 'protocol' })
  for (const { title, check } of rules) {
    await Promise.resolve()
      .then(check)
      .catch(() => broken.push(title))
  }
  return broken
}

test.each<[string, Partial<Provider>]>([
  [
    'a mission that may not be started is refused with command_not_found, and no-such-program is named',
    { check: () => Promise.resolve() },
  ],
  [
    'the same beginning is the same program',
    { invoke: ({ env }) => ({ argv: [String(Math.random())], streams: 'merged', env }) },
  ],
  [
    'what the environment holds is never an argument, nor the name of an account',
    { invoke: ({ env }) => ({ argv: ['agent', `--key=${env['API_KEY'] ?? ''}`], streams: 'merged', env }) },
  ],
  ['any end can be judged, and the same end in the same way', { judge: ({ tail }) => JSON.parse(tail) }],
  ['a line of no kind that is known says nothing', { talk: rawProvider.talk ?? (() => null) }],
  [
    'no line makes it throw, and what it hears can be written down',
    { talk: (spec) => withTalk(spec, { show: (line) => [String(JSON.parse(line))] }) },
  ],
  [
    'what the agent is told is whole lines, without the end of the last',
    { talk: (spec) => withTalk(spec, { message: ({ text }) => `${text}\n` }) },
  ],
  [
    'what the agent is told is the same each time',
    { talk: (spec) => withTalk(spec, { message: () => String(Math.random()) }) },
  ],
  [
    'a message is told in as many lines whatever is in it, by agents that take turns',
    { talk: (spec) => withTalk(spec, { turns: true }) },
  ],
  [
    'a line means the same whatever was said before it',
    { talk: (spec) => withTalk(spec, { hear: counting() }) },
  ],
  [
    'a program that repeats what it reads: says what happened, in its order',
    { talk: (spec) => withTalk(spec, { hear: () => [{ type: 'ready' }] }) },
  ],
  [
    'a program that repeats what it reads: the answers are found where they are said to stand',
    {
      talk: (spec) =>
        withTalk(spec, { answer: () => ({ text: 'x', durationMs: null, spent: nothingSpent, details: {} }) }),
    },
  ],
])('the suite notices a provider that breaks the rule: %s', async (title, provider) => {
  expect(await brokenBy(provider)).toContain(title)
})

type TalkOf = NonNullable<ReturnType<NonNullable<Provider['talk']>>>

function withTalk(spec: Parameters<NonNullable<Provider['talk']>>[0], over: Partial<TalkOf>): TalkOf | null {
  const talk = rawProvider.talk?.(spec) ?? null
  return talk === null ? null : { ...talk, ...over }
}

function counting(): TalkOf['hear'] {
  let lines = 0
  return () => [{ type: 'background', running: (lines += 1) }]
}
