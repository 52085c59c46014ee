/** However a daemon ends, and if it never began, it holds nothing of its home any more. */
import { mkdir, rm, rmdir } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { startDaemon } from '../../src/index.ts'
import { eventually, soon } from '../support/eventually.ts'
import { temporaryHome } from '../support/home.ts'
import { openIn } from '../support/processes.ts'

/** The files of a folder that this process has open. */
const openOf = (folder: string): readonly string[] =>
  openIn(process.pid).filter((path) => path.startsWith(folder))

test('one that cannot listen in the end has let go of everything, and another can start', async () => {
  await using home = await temporaryHome()
  const socket = `${home.path}/overmind.sock`
  await mkdir(socket, { recursive: true })
  await expect(startDaemon({ home: home.path })).rejects.toMatchObject({ code: 'ERR_FS_EISDIR' })
  expect(openOf(home.path)).toEqual([])
  await eventually('its launcher has ended', () => home.processes().length === 0)
  await rmdir(socket)
  const daemon = await startDaemon({ home: home.path })
  await daemon.close('keep')
  await daemon.closed
  expect(openOf(home.path)).toEqual([])
})

test('one that cannot remove its socket ends all the same, and says so', async () => {
  await using home = await temporaryHome()
  const daemon = await startDaemon({ home: home.path })
  await rm(daemon.socket)
  await mkdir(daemon.socket)
  await daemon.close('keep')
  await soon('it has ended', daemon.closed)
  expect(openOf(home.path)).toEqual([])
  expect(home.lines('home/daemon.log').join('\n')).toContain('something could not be undone')
})
