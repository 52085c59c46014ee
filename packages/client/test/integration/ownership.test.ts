/** Environments, and what is typed, are sent to nobody else who happens to listen. */
import { chmod, chown } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ConnectionFailed, createClient } from '../../src/index.ts'
import { connectTerminal } from '../../src/terminal.ts'
import { stubServer } from './stub.ts'

const NOBODY = 65_534
const SECRET = { command: 'true', env: { TOKEN: 'quiet' } }

test('a socket that others could have put there is told nothing', async () => {
  await using stub = await stubServer((_, response) => response.writeHead(200).end('{}'))
  await chmod(stub.home, 0o777)
  const client = createClient({ home: stub.home })
  await expect(client.start(SECRET)).rejects.toThrow(ConnectionFailed)
  await expect(client.start(SECRET)).rejects.toThrow(/nothing was sent/)
  await expect(connectTerminal(client.socket)).rejects.toThrow(/nothing was sent/)
  expect(stub.requests).toEqual([])
})

test.runIf(process.getuid?.() === 0).each([
  ['its folder', ''],
  ['the socket', 'overmind.sock'],
])('a daemon of another user is told nothing: %s is theirs', async (_, name) => {
  await using stub = await stubServer((__, response) => response.writeHead(200).end('{}'))
  await chown(join(stub.home, name), NOBODY, NOBODY)
  await expect(createClient({ home: stub.home }).start(SECRET)).rejects.toThrow(/nothing was sent/)
  expect(stub.requests).toEqual([])
})

test('a socket of our own in a folder where nobody may replace it is used, as one that ssh forwards', async () => {
  await using stub = await stubServer((_, response) => response.writeHead(200).end('{"id":"a"}'))
  await chmod(stub.home, 0o1777)
  expect(await createClient({ socket: join(stub.home, 'overmind.sock') }).start(SECRET)).toEqual({ id: 'a' })
})
