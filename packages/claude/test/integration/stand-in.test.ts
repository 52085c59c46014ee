import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { eventually } from '../../../core/test/support/eventually.ts'
import { isAlive, processesWith } from '../../../core/test/support/processes.ts'
import { control, type Lab, message, openLab, session, task } from '../support/cli.ts'
import { standIn } from '../support/stand-in-program.ts'

/** It asks nobody. */
function lab(): Lab {
  return openLab({ program: standIn, apiUrl: 'http://127.0.0.1:9' })
}

test('it says which release it stands in for', async () => {
  await using here = lab()
  const usual = here.start(['--version'])
  expect(await usual.exited).toMatchObject({ code: 0 })
  expect(usual.events).toEqual([{ type: 'text', result: '2.1.330 (Claude Code)' }])
  const old = here.start(['--version'], { STAND_IN_VERSION: '1.0.0' })
  await old.exited
  expect(old.events).toEqual([{ type: 'text', result: '1.0.0 (Claude Code)' }])
})

test('a task answers what its prompt scripts', async () => {
  await using here = lab()
  const cli = here.start([...task, '::tool Bash {"command":"echo hi"}\n::next\n::text bye'])
  expect(await cli.exited).toMatchObject({ code: 0, stderr: '' })
  expect(cli.events.at(-2)).toMatchObject({ type: 'result', subtype: 'success', num_turns: 2, result: 'bye' })
})

test.each([
  ['text', 'reply 1: hello'],
  ['json', 'reply 1: hello'],
])('a task whose output is %s prints its result alone', async (format, answer) => {
  await using here = lab()
  const cli = here.start(['-p', '--output-format', format, 'hello'])
  await cli.exited
  expect(cli.events).toMatchObject([{ result: answer }])
})

test('a crash ends it at once with the code it was given, and only what was said before is told', async () => {
  await using here = lab()
  const cli = here.start([...task, '::text before\n::crash 7\n::text after'])
  expect(await cli.exited).toMatchObject({ code: 7 })
  expect(cli.events.map(({ type }) => type)).toEqual(['system', 'system', 'assistant'])
})

test('it hangs until it is interrupted', async () => {
  await using here = lab()
  const cli = here.start(session)
  cli.send(message('::text before\n::hang'))
  await cli.until(({ type }) => type === 'assistant')
  cli.send(control('interrupt'))
  expect(await cli.until(({ type }) => type === 'result')).toMatchObject({
    terminal_reason: 'aborted_streaming',
  })
})

test('a tool lives on when it is killed, and carries the mark of its session', async () => {
  await using here = lab()
  const id = randomUUID()
  const cli = here.start([...session, '--session-id', id, '--allowedTools', 'Bash'])
  cli.send(message('::tool Bash {"command":"exec tail -f /dev/null"}'))
  const [tool] = await eventually(() => {
    const found = processesWith(`CLAUDE_CODE_SESSION_ID=${id}`)
    return found.length > 0 && found
  })
  cli.kill('SIGKILL')
  expect(await cli.exited).toMatchObject({ signal: 'SIGKILL' })
  expect(isAlive(tool!)).toBe(true)
})

test('a conversation goes on where it was, in the folder of its configuration', async () => {
  await using here = lab()
  const id = randomUUID()
  const first = here.start([...task, '--session-id', id, 'one'])
  await first.exited
  expect(here.transcript(id).map(({ type }) => type)).toEqual([
    'user',
    'attachment',
    'assistant',
    'cost-state',
  ])
  const second = here.start([...task, '--resume', id, 'two'])
  await second.exited
  expect(second.events.at(-2)).toMatchObject({ type: 'result', result: 'reply 2: two' })
})
