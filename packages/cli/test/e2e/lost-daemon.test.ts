/** What a command has done is done, whatever becomes of the daemon then. */
import { expect, test } from 'vitest'
import { stubServer } from '../../../client/test/integration/stub.ts'
import { overmind } from './overmind.ts'

test('send says that a message is safe as soon as it is, though the daemon is gone in the next moment', async () => {
  await using o = await overmind()
  await using daemon = await stubServer(({ method }, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(method === 'POST' ? { message: 'm1' } : { id: '12345678', name: 'helper' }))
    if (method === 'POST') daemon.server.close()
  })
  const env = { OVERMIND_HOME: daemon.home }
  expect(await o.with({ env }, 'send', 'helper', 'hello')).toEqual({
    code: 0,
    stdout: 'Sent to mission 12345678\n',
    stderr: '',
  })
})
