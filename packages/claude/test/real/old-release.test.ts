/** What a release from before message ids were told back still does, so that Overmind can put up with it. */
import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { control, type Lab, message, openLab, session } from '../support/cli.ts'
import { asked, idle, is, result, turn } from '../support/compare.ts'
import { startFakeAnthropic } from '../support/fake-anthropic.ts'
import { oldClaude } from '../support/real-claude.ts'

async function withLab<T>(play: (lab: Lab) => Promise<T>): Promise<T> {
  await using api = await startFakeAnthropic()
  await using lab = openLab({ program: oldClaude(), apiUrl: api.url })
  return await play(lab)
}

test('it answers, tells its states and ends when it is asked to', async () => {
  await withLab(async (lab) => {
    const cli = lab.start(session)
    await turn(cli, message('hello'))
    expect(cli.events.find(result)).toMatchObject({ subtype: 'success', result: 'reply 1: hello' })
    cli.send(control('end_session'))
    expect(await cli.exited).toMatchObject({ code: 0 })
  })
})

test('it tells no lifecycle, but tells messages back when that is wanted', async () => {
  await withLab(async (lab) => {
    const uuid = randomUUID()
    const cli = lab.start([...session, '--replay-user-messages'])
    await turn(cli, message('hello', uuid))
    expect(cli.events.filter(is('command_lifecycle'))).toEqual([])
    expect(cli.events.find(is('user'))).toMatchObject({ uuid, isReplay: true })
    expect(cli.events.find(result)).not.toHaveProperty('user_message_uuids')
  })
})

test('it can be interrupted, and the session goes on', async () => {
  await withLab(async (lab) => {
    const cli = lab.start(session)
    cli.send(message('::text first\n::hang'))
    await cli.until(is('assistant'))
    cli.send(control('interrupt'))
    await cli.until(idle)
    expect(cli.events.find(result)).toMatchObject({
      is_error: true,
      terminal_reason: 'aborted_streaming',
    })
    await turn(cli, message('again'))
    expect(cli.events.findLast(result)).toMatchObject({ is_error: false })
  })
})

test('it asks for permission, and resumes a conversation', async () => {
  await withLab(async (lab) => {
    const id = randomUUID()
    const first = lab.start([...session, '--session-id', id, '--permission-prompt-tool', 'stdio'])
    first.send(message('::tool Bash {"command":"touch a"}\n::next\n::text done'))
    const { request_id } = await first.until(asked)
    const response = { subtype: 'success', request_id, response: { behavior: 'deny', message: 'no' } }
    first.send({ type: 'control_response', response })
    await first.until(idle)
    first.send(control('end_session'))
    await first.exited
    const second = lab.start([...session, '--resume', id])
    await turn(second, message('hello'))
    expect(second.events.find(result)).toMatchObject({ session_id: id, result: 'reply 2: hello' })
  })
})
