import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeMessage, TERMINAL_PROTOCOL } from '@overmind/core/terminal-protocol'
import { expect, test } from 'vitest'
import { connectTerminal } from '../../src/terminal.ts'

test('however often a terminal has to catch up with what is typed, nothing stays behind', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'overmind-client-'))
  const path = join(folder, 'tty')
  const keeper = createServer((socket) => {
    const welcome = {
      version: TERMINAL_PROTOCOL,
      mission: 'aaaaaaaa',
      name: 'a',
      run: 1,
      columns: 80,
      rows: 24,
    }
    socket.write(encodeMessage({ type: 'welcome', welcome }))
    socket.resume()
  })
  keeper.listen(path)
  await once(keeper, 'listening')
  const warnings: Error[] = []
  const warn = (warning: Error): void => void warnings.push(warning)
  process.on('warning', warn)
  try {
    using terminal = await connectTerminal(path)
    for (let time = 0; time < 20; time += 1) await terminal.type(Buffer.alloc(512 * 1024))
    await new Promise((resolve) => setImmediate(resolve))
    expect(warnings).toEqual([])
  } finally {
    process.off('warning', warn)
    keeper.close()
    await once(keeper, 'close')
    await rm(folder, { recursive: true })
  }
})
