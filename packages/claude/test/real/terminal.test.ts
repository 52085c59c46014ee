import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { terminalSocketOf } from '../../../client/src/index.ts'
import { connectTerminal, type Terminal, TerminalNotRunning } from '../../../client/src/terminal.ts'
import { eventually, soon } from '../../../core/test/support/eventually.ts'
import type { Lab } from '../support/cli.ts'
import { realClaude } from '../support/real-claude.ts'
import { ask, happened, openStage } from '../support/stage.ts'

test('a person at its terminal goes on with the conversation, and the agent goes on with what was said there', async () => {
  await using stage = await openStage(realClaude())
  answerFirstQuestions(stage.lab)
  const session = await stage.session()
  expect(await ask(session, 'before')).toBe('reply 1: before')
  await soon(session.sitDown({ columns: 100, rows: 30 }), 'the terminal', 60_000)
  const waiting = session.send('meanwhile')

  using terminal = await terminalOf(stage.runtime().home, session.id)
  terminal.attach('control', { columns: 100, rows: 30 })
  let screen = ''
  const reading = (async () => {
    for await (const news of terminal.news()) {
      if (news.type === 'redraw' || news.type === 'output') screen += Buffer.from(news.bytes).toString('utf8')
    }
  })()
  const sees = (text: string): Promise<unknown> =>
    eventually(() => screen.includes(text), { within: 60_000, what: `${text} on the terminal` })
  await sees('before')
  await terminal.type(Buffer.from('typed by hand'))
  await sees('hand')
  await terminal.type(Buffer.from('\r'))
  const { id } = session.view().state.conversation ?? {}
  await eventually(() => JSON.stringify(stage.lab.transcript(id ?? '')).includes('reply 2: typed by hand'), {
    within: 60_000,
    what: 'an answer to what was typed',
  })

  await soon(session.standUp(), 'its end', 60_000)
  await reading
  await happened(session, 'session.ready', 2)
  expect((await soon(session.answer(waiting), 'the answer', 60_000)).text).toBe('reply 3: meanwhile')
  expect(session.view().state).toMatchObject({ run: 3, budget: { charged: [] } })
  expect(stage.faults).toEqual([])
})

/** A run begins a little before its keeper listens. */
function terminalOf(home: string, mission: string): Promise<Terminal> {
  return eventually(() =>
    connectTerminal(terminalSocketOf(home, mission)).catch((error: unknown) => {
      if (error instanceof TerminalNotRunning) return null
      throw error
    }),
  )
}

/** What the CLI asks a person who opens it for the first time. */
function answerFirstQuestions({ config, cwd }: Lab): void {
  const answers = {
    hasCompletedOnboarding: true,
    theme: 'dark',
    customApiKeyResponses: { approved: ['test-key'], rejected: [] },
    projects: { [cwd]: { hasTrustDialogAccepted: true } },
  }
  writeFileSync(join(config, '.claude.json'), JSON.stringify(answers), { mode: 0o600 })
}
