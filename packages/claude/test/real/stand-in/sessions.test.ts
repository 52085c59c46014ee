import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { test } from 'vitest'
import { control, message, session } from '../../support/cli.ts'
import { expectSame, finish, idle, is, midText, saidSomething, slow, turn } from '../../support/compare.ts'
import { essence } from '../../support/essence.ts'

test('a session: one message after the other, to the end of its input', async () => {
  await expectSame(async (lab) => {
    const [a, b] = [randomUUID(), randomUUID()]
    const cli = lab.start(session)
    await turn(cli, message('one', a))
    await turn(cli, message('two', b))
    cli.closeInput()
    return essence(cli.events, await cli.exited, { names: { [a]: 'a', [b]: 'b' } })
  })
})

test('a session: messages that wait are answered together', async () => {
  await expectSame(async (lab) => {
    const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()]
    const cli = lab.start(session)
    cli.send(message('::slow 100\n::text a b c d e f', a))
    await cli.until(is('system', 'init'))
    cli.send(message('second', b))
    cli.send(message('third', c))
    await cli.until(idle)
    return finish(cli, { [a]: 'a', [b]: 'b', [c]: 'c' })
  })
})

test('a session: a message joins the turn whose tool runs', async () => {
  await expectSame(async (lab) => {
    const [a, b] = [randomUUID(), randomUUID()]
    const cli = lab.start([...session, '--allowedTools', 'Bash'])
    cli.send(message('::tool Bash {"command":"timeout 1 tail -f /dev/null; true"}\n::next\n::text done', a))
    await cli.until(saidSomething)
    cli.send(message('by the way', b))
    await cli.until(idle)
    return finish(cli, { [a]: 'a', [b]: 'b' })
  })
})

test('a session: a message that comes twice is answered once', async () => {
  await expectSame(async (lab) => {
    const [a, b] = [randomUUID(), randomUUID()]
    const cli = lab.start(session)
    const from = await turn(cli, message('one', a))
    cli.send(message('one', a))
    await cli.until(idle, from)
    const slow = message('::slow 100\n::text a b c d e', b)
    const next = cli.events.length
    cli.send(slow)
    await cli.until(is('system', 'init'), next)
    cli.send(slow)
    await cli.until(idle, next)
    return finish(cli, { [a]: 'a', [b]: 'b' })
  })
})

test('a session: messages are told back when that is wanted', async () => {
  await expectSame(async (lab) => {
    const a = randomUUID()
    const cli = lab.start([...session, '--replay-user-messages'])
    await turn(cli, message('one', a))
    return finish(cli, { [a]: 'a' })
  })
})

test.each([
  ['interrupt', ['interrupt']],
  ['interrupt and end_session', ['interrupt', 'end_session']],
  ['end_session', ['end_session']],
])('broken off in the middle of a text by %s', async (_, requests) => {
  await expectSame(async (lab) => {
    const a = randomUUID()
    const cli = lab.start(session)
    cli.send(message(slow, a))
    await midText(cli)
    cli.send(requests.map((each) => JSON.stringify(control(each, {}, each))).join('\n'))
    await cli.until(idle)
    if (!requests.includes('end_session')) cli.closeInput()
    return essence(cli.events, await cli.exited, { names: { [a]: 'a' } })
  })
})

test.each(['SIGTERM', 'SIGHUP'] as const)('broken off in the middle of a text by %s', async (signal) => {
  await expectSame(async (lab) => {
    const a = randomUUID()
    const cli = lab.start(session)
    cli.send(message(slow, a))
    await midText(cli)
    cli.kill(signal)
    return essence(cli.events, await cli.exited, { names: { [a]: 'a' } })
  })
})

test('broken off in the middle of a text by SIGINT: it is told, and the exit code is 0', async () => {
  await expectSame(async (lab) => {
    const cli = lab.start(session)
    cli.send(message(slow))
    await midText(cli)
    cli.kill('SIGINT')
    const exit = await cli.exited
    // The real one is sometimes gone before it has printed its result.
    return essence(
      cli.events.filter(({ type }) => type === 'user'),
      exit,
    )
  })
})

test.each([
  ['interrupt', ['interrupt']],
  ['end_session', ['end_session']],
])('broken off while a tool runs by %s', async (_, requests) => {
  await expectSame(async (lab) => {
    const a = randomUUID()
    const cli = lab.start([...session, '--allowedTools', 'Bash'])
    cli.send(message('::tool Bash {"command":"timeout 30 tail -f /dev/null"}\n::next\n::text done', a))
    await cli.until(saidSomething)
    await pause(500)
    cli.send(requests.map((each) => JSON.stringify(control(each, {}, each))).join('\n'))
    await cli.until(idle)
    if (!requests.includes('end_session')) cli.closeInput()
    return essence(cli.events, await cli.exited, { names: { [a]: 'a' } })
  })
})

test('interrupted and asked again: the session goes on', async () => {
  await expectSame(async (lab) => {
    const cli = lab.start(session)
    cli.send(message(slow))
    await midText(cli)
    cli.send(control('interrupt', {}, 'stop'))
    await cli.until(idle)
    await turn(cli, message('go on'))
    return finish(cli)
  })
})

const dear = [
  '::usage {"input_tokens":1000,"output_tokens":10}',
  '::tool Bash {"command":"echo hi"}',
  '::next',
  '::usage {"input_tokens":1000,"output_tokens":10}',
  '::text done',
].join('\n')

test('money is limited for each process: what was spent before a resume does not count', async () => {
  await expectSame(async (lab) => {
    const id = randomUUID()
    const first = lab.start([...session, '--session-id', id])
    await turn(first, message(dear))
    await finish(first)
    const second = lab.start([...session, '--resume', id, '--max-budget-usd', '0.009'])
    await turn(second, message(dear))
    await turn(second, message(dear))
    return finish(second)
  })
})

test('turns are limited for each message', async () => {
  await expectSame(async (lab) => {
    const cli = lab.start([...session, '--max-turns', '1'])
    await turn(cli, message(dear))
    await turn(cli, message('plain'))
    await turn(cli, message(dear))
    return finish(cli)
  })
})

test.each([
  ['an error of the API', '::error 400'],
  ['nothing but disconnects', '::disconnect'],
])('a session goes on after %s, and its last result decides the exit code', async (_, script) => {
  await expectSame(async (lab) => {
    const cli = lab.start(session)
    await turn(cli, message(script))
    await turn(cli, message('plain'))
    await turn(cli, message(script))
    return finish(cli)
  })
})
