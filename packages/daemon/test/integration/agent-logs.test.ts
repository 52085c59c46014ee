import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { acpProvider } from '@overmind/acp'
import { createRuntime, type Mission, type MissionInput, type Runtime } from '@overmind/core'
import { expect, test } from 'vitest'
import { temporaryHome } from '../../../core/test/support/home.ts'
import { eventually } from '../support/eventually.ts'
import { logLines } from '../../src/logs/lines.ts'
import type { LogOptions } from '../../src/logs/piece.ts'

const AGENT = join(import.meta.dirname, '../../../acp/test/programs/agent.ts')

async function linesOf(mission: Mission, options: Partial<LogOptions> = {}): Promise<readonly string[]> {
  const { signal } = new AbortController()
  const lines = await Array.fromAsync(logLines(mission, { follow: false, signal, ...options }))
  return lines.map(({ text }) => text)
}

test('the log of an agent that speaks bit by bit has whole lines, with what was said to it', async () => {
  await using home = await temporaryHome()
  const folder = await mkdtemp(join(tmpdir(), 'overmind-agent-'))
  const runtime = await createRuntime({ home: home.path, providers: [acpProvider()] })
  try {
    const session = await runtime.start({
      provider: 'acp',
      type: 'session',
      options: { agent: [process.execPath, AGENT, folder] },
    })
    await session.answer(session.send('a longer text\nof two lines'))
    const asking = session.send('ask notes.txt')
    const { id } = await eventually('a question', () => session.view().state.conversation?.asks[0])
    session.decide(id, { decision: 'allow', rule: null })
    await session.answer(asking)
    expect(await linesOf(session)).toEqual([
      'a greeting that is no line of the protocol',
      '[human] a longer text\nof two lines',
      '1: a longer text',
      'of two lines',
      '[done]',
      '[human] ask notes.txt',
      'May I?',
      '[tool] notes.txt',
      '[asks] notes.txt',
      '[tool result] written (+1 lines)',
      'You said yes.',
      '[done]',
    ])
    expect(await linesOf(session, { tail: 2 })).toEqual(['You said yes.', '[done]'])
    await session.kill()
  } finally {
    await runtime.close()
    await rm(folder, { recursive: true })
  }
})

interface Stage extends AsyncDisposable {
  readonly runtime: Runtime
  /** A session whose program is a line of shell. */
  session(command: string, more?: MissionInput): Promise<Mission>
}

async function stage(): Promise<Stage> {
  const home = await temporaryHome()
  const runtime = await createRuntime({ home: home.path })
  return {
    runtime,
    session: (command, more) => runtime.start({ type: 'session', command, ...more }),
    async [Symbol.asyncDispose]() {
      await runtime.close()
      await home[Symbol.asyncDispose]()
    },
  }
}

const said = async (session: Mission, text: string): Promise<string> =>
  (await session.answer(session.send(text))).text

function isTrimmed(session: Mission, stream: 'stdout' | 'stderr'): boolean {
  return session
    .history({ types: ['run.trimmed'], limit: 100 })
    .some((event) => event.type === 'run.trimmed' && event.stream === stream)
}

/** 3.2 MB of numbered lines. */
const FLOOD = `i=0; while [ $i -lt 400 ]; do i=$((i+1)); printf '%08d %8000d\\n' $i 0; done`
const LIMITED = { outputLimitBytes: 1024 * 1024 } satisfies MissionInput
const DROPPED = /^(?:\[stderr\] )?--- \d+ bytes of older output are no longer kept ---$/

/** The lines of a log that is followed, as they come. */
function follow(
  mission: Mission,
  options: Partial<LogOptions> = {},
): { lines: string[]; over: Promise<void> } {
  const lines: string[] = []
  const { signal } = new AbortController()
  async function read(): Promise<void> {
    for await (const { text } of logLines(mission, { follow: true, signal, ...options })) lines.push(text)
  }
  return { lines, over: read() }
}

test.each([undefined, 5])(
  'what an agent complains of stands at the end of its run, once, with tail %s',
  async (tail) => {
    await using on = await stage()
    const session = await on.session('echo first; echo oops >&2; echo second; cat')
    await eventually('it has complained', async () => (await linesOf(session)).at(-1) === '[stderr] oops')
    const log = follow(session, tail === undefined ? {} : { tail })
    await eventually('what is there', () => log.lines.length === 2)
    await said(session, 'third')
    await eventually('what is new', () => log.lines.length === 4)
    await session.kill()
    await log.over
    const all = ['first', 'second', '[human] third', 'third', '[stderr] oops']
    expect(log.lines).toEqual(all)
    expect(await linesOf(session)).toEqual(all)
    expect(await linesOf(session, { tail: 2, follow: true })).toEqual(['third', '[stderr] oops'])
  },
)

test('of complaints that are too long to be kept the end is shown, and the hole before it is not read', async () => {
  await using on = await stage()
  const session = await on.session(
    'truncate -s 3G "$(readlink -f /proc/self/fd/2)"; echo half >&2; echo end >&2; cat',
    LIMITED,
  )
  await eventually('it was trimmed', () => isTrimmed(session, 'stderr'))
  expect(await linesOf(session)).toEqual([expect.stringMatching(DROPPED), '[stderr] end'])
  await session.kill()
})

test('the log of an agent that wrote more than is kept begins there, and what was said stands where it belongs', async () => {
  await using on = await stage()
  const session = await on.session(`read line; echo "got $line"; ${FLOOD}; cat`, LIMITED)
  expect(await said(session, 'early')).toBe('got early')
  await eventually('it was trimmed', () => isTrimmed(session, 'stdout'))
  expect(await said(session, 'late')).toBe('late')
  const [notice, first, ...others] = await linesOf(session)
  expect([notice, first]).toEqual([expect.stringMatching(DROPPED), expect.stringMatching(/^\d{8} /)])
  expect(others.slice(-3)).toEqual([expect.stringMatching(/^00000400 /), '[human] late', 'late'])
  expect(others.filter((line) => !/^\d{8} /.test(line))).toEqual(['[human] late', 'late'])
  const log = follow(session, { tail: 1 })
  await eventually('what is there', () => log.lines.length === 1)
  await said(session, 'later')
  await session.kill()
  await log.over
  expect(log.lines).toEqual(['late', '[human] later', 'later'])
})

test('a line that is half there is shown once, when it is whole', async () => {
  await using on = await stage()
  const session = await on.session(`echo one; printf ha; read go; echo lf; cat`)
  await eventually('half a line', () => session.outputFiles(1)[0]?.bytes === 'one\nha'.length)
  const log = follow(session, { tail: 5 })
  await eventually('what is there', () => log.lines.length === 1)
  await said(session, 'go')
  await session.kill()
  await log.over
  expect(log.lines).toEqual(['one', '[human] go', 'half'])
})

test('a run that has said nothing yet is followed from where it is, and what was before it is told once', async () => {
  await using on = await stage()
  const session = await on.session('if [ $OVERMIND_RUN = 1 ]; then echo one; exit 1; fi; cat', {
    restart: 'on-failure',
    backoffMs: 0,
  })
  await eventually('its second run', () => session.view().state.run === 2)
  const log = follow(session, { tail: 5 })
  await eventually('what is there', () => log.lines.length === 2)
  await said(session, 'two')
  await session.kill()
  await log.over
  expect(log.lines).toEqual(['one', expect.stringMatching(/^--- restart #1 /), '[human] two', 'two'])
})

test('the log of many messages reads what was said to it once, also while it is followed', async () => {
  await using on = await stage()
  const session = await on.session('cat')
  const texts = Array.from({ length: 400 }, (_, index) => `message ${index}`)
  for (const text of texts) await said(session, text)
  await session.kill()
  for (const options of [{}, { follow: true }, { tail: 5 }]) {
    let rows = 0
    const counted: Mission = {
      ...session,
      history(query) {
        const events = session.history(query)
        rows += events.length
        return events
      },
    }
    const shown = texts.flatMap((text) => [`[human] ${text}`, text])
    expect(await linesOf(counted, options)).toEqual('tail' in options ? shown.slice(-5) : shown)
    // What was queued, what was handed on, and when the output came.
    expect(rows).toBeLessThan(3 * texts.length)
  }
})

test.each([{}, { tail: 1 }, { run: 1 }])(
  'a log that is followed breaks off when the runtime closes and the mission goes on: %j',
  async (options) => {
    await using home = await temporaryHome()
    const runtime = await createRuntime({ home: home.path })
    const missions = [
      await runtime.start({ command: 'echo up; exec sleep 1000' }),
      await runtime.start({ type: 'session', command: 'echo up; exec cat' }),
    ]
    const logs = missions.map((mission) => follow(mission, options))
    const broken = logs.map(({ over }) => expect(over).rejects.toMatchObject({ code: 'runtime_closed' }))
    await eventually('what is there', () => logs.every(({ lines }) => lines.length === 1))
    await runtime.close({ missions: 'keep' })
    await Promise.all(broken)
    expect(logs.map(({ lines }) => lines)).toEqual([['up'], ['up']])
  },
)

test('since a moment no more runs are looked into than there were since', async () => {
  await using home = await temporaryHome()
  await using runtime = await createRuntime({ home: home.path })
  const mission = await runtime.start({
    command: 'echo $OVERMIND_RUN; [ $OVERMIND_RUN = 40 ]',
    restart: 'on-failure',
    maxRestarts: 0,
    backoffMs: 0,
  })
  await mission.exited()
  const [begun] = mission.history({ run: 38, types: ['run.starting'], limit: 1 })
  const asked = new Set<number | undefined>()
  const watched: Mission = {
    ...mission,
    history(query) {
      asked.add(query.run)
      return mission.history(query)
    },
  }
  const lines = await linesOf(watched, { since: begun?.at ?? Infinity })
  expect(lines.filter((line) => !line.startsWith('---')).slice(-3)).toEqual(['38', '39', '40'])
  expect(Math.min(...[...asked].map((run) => run ?? 0))).toBeGreaterThan(30)
})
