/** However a daemon ends, and if it never began, it holds nothing of its home any more. */
import { readdirSync, readlinkSync } from 'node:fs'
import { mkdir, rm, rmdir } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { startDaemon } from '../../src/index.ts'
import { eventually, soon } from '../support/eventually.ts'
import { temporaryHome } from '../support/home.ts'

/** The files of a folder that this process has open. */
function openIn(folder: string): readonly string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`)
      return path.startsWith(folder) ? [path] : []
    } catch {
      // Closed meanwhile.
      return []
    }
  })
}

test('one that cannot listen in the end has let go of everything, and another can start', async () => {
  await using home = await temporaryHome()
  const socket = `${home.path}/overmind.sock`
  await mkdir(socket, { recursive: true })
  await expect(startDaemon({ home: home.path })).rejects.toMatchObject({ code: 'ERR_FS_EISDIR' })
  expect(openIn(home.path)).toEqual([])
  await eventually('its launcher has ended', () => home.processes().length === 0)
  await rmdir(socket)
  const daemon = await startDaemon({ home: home.path })
  await daemon.close('keep')
  await daemon.closed
  expect(openIn(home.path)).toEqual([])
})

test('one that cannot remove its socket ends all the same, and says so', async () => {
  await using home = await temporaryHome()
  const daemon = await startDaemon({ home: home.path })
  await rm(daemon.socket)
  await mkdir(daemon.socket)
  await daemon.close('keep')
  await soon('it has ended', daemon.closed)
  expect(openIn(home.path)).toEqual([])
  expect(home.lines('home/daemon.log').join('\n')).toContain('something could not be undone')
})
