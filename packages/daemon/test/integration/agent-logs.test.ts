import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { acpProvider } from '@overmind/acp'
import { createRuntime, type Mission } from '@overmind/core'
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
