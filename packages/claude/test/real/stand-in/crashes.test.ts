import { randomUUID } from 'node:crypto'
import { test } from 'vitest'
import { eventually } from '../../../../core/test/support/eventually.ts'
import { type CliEvent, type CliRun, control, type Lab, message, session } from '../../support/cli.ts'
import { expectSame, finish, idle, is, midText, result, slow, turn } from '../../support/compare.ts'
import { essence } from '../../support/essence.ts'

/** A session that was killed while it had this message to answer. */
interface Killed {
  readonly id: string
  readonly uuid: string
  readonly text: string
}

interface KillOptions {
  /** Of the conversation, before the message. */
  readonly before?: 'something' | 'nothing'
  /** What it has come to when it is killed. */
  readonly at: (cli: CliRun, killed: Killed) => Promise<unknown>
}

async function kill(lab: Lab, text: string, { before = 'nothing', at }: KillOptions): Promise<Killed> {
  const killed = { id: randomUUID(), uuid: randomUUID(), text }
  const cli = lab.start([...session, '--session-id', killed.id, '--allowedTools', 'Bash'])
  if (before === 'something') await turn(cli, message('earlier'))
  cli.send(message(text, killed.uuid))
  await at(cli, killed)
  cli.kill('SIGKILL')
  await cli.exited
  return killed
}

/** Killed before the message was on disk: a slow machine may need more than one trial. */
async function killInTime(lab: Lab, before: 'something' | 'nothing'): Promise<Killed> {
  const at = (cli: CliRun): Promise<unknown> => cli.until(is('command_lifecycle', 'queued'))
  for (;;) {
    const killed = await kill(lab, 'hello', { before, at })
    if (!lab.transcript(killed.id).some((entry) => theMessage(entry, killed))) return killed
  }
}

function onDisk(lab: Lab, matches: (entry: CliEvent, killed: Killed) => boolean): KillOptions['at'] {
  return async (_, killed) =>
    eventually(() => lab.transcript(killed.id).some((entry) => matches(entry, killed)))
}

const theMessage = (entry: CliEvent, { uuid }: Killed): boolean => entry.uuid === uuid
const theTool = (entry: CliEvent): boolean =>
  entry.type === 'assistant' && entry.message?.content[0]?.type === 'tool_use'
const itsResult = (entry: CliEvent): boolean =>
  entry.type === 'user' && entry.message?.content[0]?.type === 'tool_result'

interface Resumed {
  readonly cli: CliRun
  readonly names: Readonly<Record<string, string>>
  /** Sends the same message under the same id, as Overmind does after a crash. */
  repeat(): void
}

const goOn = { CLAUDE_CODE_RESUME_INTERRUPTED_TURN: '1', CLAUDE_CODE_RESUME_REASON: 'test' }

function resume(lab: Lab, { id, uuid, text }: Killed, env: Readonly<Record<string, string>> = goOn): Resumed {
  const cli = lab.start([...session, '--resume', id, '--allowedTools', 'Bash'], env)
  return { cli, names: { [uuid]: 'the message' }, repeat: () => cli.send(message(text, uuid)) }
}

const slowTool = '::text before\n::tool Bash {"command":"timeout 60 tail -f /dev/null"}\n::next\n::text after'
const quickTool = '::text before\n::tool Bash {"command":"echo hi"}\n::next\n::hang'

test.each(['nothing', 'something'] as const)(
  'killed in the middle of the first text, after %s, and resumed: it is answered once',
  async (before) => {
    await expectSame(async (lab) => {
      const killed = await kill(lab, slow, { before, at: onDisk(lab, theMessage) })
      const { cli, names, repeat } = resume(lab, killed)
      repeat()
      await cli.until(idle)
      cli.send(control('end_session', {}, 'end'))
      const exit = await cli.exited
      // The real one completes the repetition before the turn, or after it.
      const events = cli.events.filter(
        ({ state, command_uuid }) => state !== 'completed' || command_uuid !== killed.uuid,
      )
      return essence(events, exit, { names })
    })
  },
)

test('killed before the message was on disk, and resumed: it is answered as if it were new', async () => {
  await expectSame(async (lab) => {
    const { cli, names, repeat } = resume(lab, await killInTime(lab, 'something'))
    repeat()
    await cli.until(idle)
    return finish(cli, names)
  })
})

test('killed before anything was on disk: there is no conversation, and its id is free', async () => {
  await expectSame(async (lab) => {
    const { id, uuid } = await killInTime(lab, 'nothing')
    const none = lab.start([...session, '--resume', id], goOn)
    const refusal = essence(none.events, await none.exited)
    const cli = lab.start([...session, '--session-id', id])
    await turn(cli, message('hello', uuid))
    return [refusal, await finish(cli, { [uuid]: 'the message' })]
  })
})

test('killed while a tool ran, and resumed: the turn goes on from before the tool', async () => {
  await expectSame(async (lab) => {
    const { cli, names, repeat } = resume(lab, await kill(lab, slowTool, { at: onDisk(lab, theTool) }))
    await cli.until(theTool)
    repeat()
    await cli.until(is('command_lifecycle', 'completed'))
    cli.send(control('interrupt', {}, 'stop'))
    await cli.until(idle)
    return finish(cli, names)
  })
})

test('killed after a tool, and resumed: the turn goes on from its result', async () => {
  await expectSame(async (lab) => {
    const { cli, names, repeat } = resume(lab, await kill(lab, quickTool, { at: onDisk(lab, itsResult) }))
    await cli.until(is('system', 'init'))
    repeat()
    await cli.until(is('command_lifecycle', 'completed'))
    cli.send(control('interrupt', {}, 'stop'))
    await cli.until(idle)
    return finish(cli, names)
  })
})

test('killed after the result, and resumed: there is nothing to do', async () => {
  await expectSame(async (lab) => {
    const { cli, names, repeat } = resume(lab, await kill(lab, 'hello', { at: (each) => each.until(result) }))
    repeat()
    await cli.until(idle)
    return finish(cli, names)
  })
})

test('killed after a tool, and resumed without being told to go on: the message is lost', async () => {
  await expectSame(async (lab) => {
    const killed = await kill(lab, quickTool, { at: onDisk(lab, itsResult) })
    const { cli, names, repeat } = resume(lab, killed, {})
    repeat()
    await cli.until(idle)
    return finish(cli, names)
  })
})

test('killed again while the turn went on: it never goes on by itself any more', async () => {
  await expectSame(async (lab) => {
    const killed = await kill(lab, quickTool, { at: onDisk(lab, itsResult) })
    const second = resume(lab, killed)
    await eventually(() => lab.transcript(killed.id).some(({ isMeta }) => isMeta))
    second.cli.kill('SIGKILL')
    await second.cli.exited
    const { cli, names, repeat } = resume(lab, killed)
    repeat()
    await cli.until(idle)
    await turn(cli, message('and now?'))
    return finish(cli, names)
  })
})

test('what the host says to go on is a message like any other, also when it is killed in the middle of that', async () => {
  await expectSame(async (lab) => {
    const script = `${quickTool}\n::next\n${slow}`
    const killed = await kill(lab, script, { at: onDisk(lab, itsResult) })
    const second = resume(lab, killed)
    await eventually(() => lab.transcript(killed.id).some(({ isMeta }) => isMeta))
    second.cli.kill('SIGKILL')
    await second.cli.exited
    const own = randomUUID()
    const third = resume(lab, killed)
    third.cli.send(message('Continue from where you left off.', own))
    await eventually(() => lab.transcript(killed.id).some(({ uuid }) => uuid === own))
    third.cli.kill('SIGKILL')
    await third.cli.exited
    const { cli, names, repeat } = resume(lab, killed)
    await cli.until(is('assistant'))
    repeat()
    cli.send(message('Continue from where you left off.', own))
    await cli.until(idle)
    return finish(cli, { ...names, [own]: 'go on' })
  })
})

test.each(['interrupt', 'end_session'])('broken off by %s, and resumed', async (request) => {
  await expectSame(async (lab) => {
    const id = randomUUID()
    const first = lab.start([...session, '--session-id', id])
    first.send(message(slow))
    await midText(first)
    first.send(control(request, {}, 'stop'))
    await first.until(idle)
    first.closeInput()
    await first.exited
    const second = lab.start([...session, '--resume', id], goOn)
    if (request === 'end_session') await second.until(idle)
    const from = second.events.length
    second.send(message('hello'))
    await second.until(result, from)
    return finish(second)
  })
})
