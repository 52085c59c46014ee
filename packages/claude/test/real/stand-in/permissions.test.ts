import { randomUUID } from 'node:crypto'
import { test } from 'vitest'
import { control, message, session, verdict } from '../../support/cli.ts'
import { asked, expectSame, finish, idle, is, turn } from '../../support/compare.ts'
import { essence } from '../../support/essence.ts'

const asking = [...session, '--permission-prompt-tool', 'stdio']
const touch = (name: string): object =>
  message(`::tool Bash {"command":"touch ${name}"}\n::next\n::text done`)

test.each([
  ['allowed', { behavior: 'allow', updatedInput: { command: 'touch a' } }],
  ['changed', { behavior: 'allow', updatedInput: { command: 'echo instead' } }],
  ['denied', { behavior: 'deny', message: 'not now' }],
  ['denied and stopped', { behavior: 'deny', message: 'not now', interrupt: true }],
])('permission: %s', async (_, response) => {
  await expectSame(async (lab) => {
    const cli = lab.start(asking)
    cli.send(touch('a'))
    cli.send(verdict(await cli.until(asked), response))
    await cli.until(idle)
    return finish(cli)
  })
})

test('permission for the session is asked for once, and again after a resume', async () => {
  const rules = [{ toolName: 'Bash', ruleContent: 'touch:*' }]
  const updatedPermissions = [{ type: 'addRules', rules, behavior: 'allow', destination: 'session' }]
  const response = { behavior: 'allow', updatedInput: { command: 'touch a' }, updatedPermissions }
  await expectSame(async (lab) => {
    const id = randomUUID()
    const first = lab.start([...asking, '--session-id', id])
    first.send(touch('a'))
    first.send(verdict(await first.until(asked), response))
    await first.until(idle)
    await turn(first, touch('b'))
    const before = await finish(first)
    const second = lab.start([...asking, '--resume', id])
    second.send(touch('c'))
    second.send(verdict(await second.until(asked), { behavior: 'deny', message: 'no more' }))
    await second.until(idle)
    return [before, await finish(second)]
  })
})

test('a request for permission is told again to who begins, and withdrawn by an interrupt', async () => {
  await expectSame(async (lab) => {
    const cli = lab.start(asking)
    cli.send(control('initialize', {}, 'first'))
    await cli.until(is('control_response'))
    cli.send(touch('a'))
    const { request_id } = await cli.until(asked)
    const from = cli.events.length
    cli.send(control('initialize', {}, 'second'))
    const again = await cli.until(is('control_response'), from)
    const pending = again.response?.pending_permission_requests?.map((each) => each.request_id === request_id)
    const state = again.response?.response?.session_state
    cli.send(control('interrupt', {}, 'stop'))
    await cli.until(idle)
    return [pending, state, await finish(cli)]
  })
})

test('what the host may set, and what it may not', async () => {
  await expectSame(async (lab) => {
    const cli = lab.start(asking)
    await turn(cli, message('hello'))
    for (const mode of ['acceptEdits', 'bypassPermissions', 'nonsense']) {
      const from = cli.events.length
      cli.send(control('set_permission_mode', { mode }, mode))
      await cli.until(is('control_response'), from)
    }
    const from = cli.events.length
    cli.send(control('frobnicate', {}, 'frob'))
    await cli.until(is('control_response'), from)
    await turn(cli, message(`::tool Write {"file_path":"w","content":"x"}\n::next\n::text done`))
    return finish(cli)
  })
})

test('a line that is not JSON ends it', async () => {
  await expectSame(async (lab) => {
    const cli = lab.start(session)
    await turn(cli, message('hello'))
    cli.send('{broken')
    return essence(cli.events, await cli.exited)
  })
})
