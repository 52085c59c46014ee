import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from './eventually.ts'
import { end, processesWith } from './processes.ts'

export interface TemporaryHome extends AsyncDisposable {
  /** Holds the home and whatever a test needs beside it. */
  readonly folder: string
  readonly path: string
  /** A file beside the home. */
  file(name: string): string
  /** The lines of a file beside the home; none when it is not there. */
  lines(name: string): readonly string[]
  /** Everything alive that was started under this home, daemons included. */
  processes(): readonly number[]
  /** Waits until nothing but this process, which must be alive, is left of them. */
  isLeftWith(pid: number): Promise<unknown>
  /** Called once every process has ended, before the files go. */
  defer(cleanUp: () => void): void
}

/** A home that takes all its processes with it when the test is over. */
export async function temporaryHome(): Promise<TemporaryHome> {
  const folder = await mkdtemp(join(tmpdir(), 'ovd-'))
  const path = join(folder, 'home')
  const file = (name: string): string => join(folder, name)
  const processes = (): readonly number[] => processesWith(`OVERMIND_HOME=${path}`)
  const deferred: (() => void)[] = []
  return {
    folder,
    defer: (cleanUp) => void deferred.push(cleanUp),
    path,
    file,
    lines: (name) =>
      existsSync(file(name)) ? readFileSync(file(name), 'utf8').split('\n').filter(Boolean) : [],
    processes,
    isLeftWith: (pid) => eventually('only the daemon is left', () => processes().join() === String(pid)),
    async [Symbol.asyncDispose]() {
      await eventually('everything under the home has ended', () => {
        const left = processes()
        for (const pid of left) end(pid)
        return left.length === 0
      })
      for (const cleanUp of deferred.toReversed()) cleanUp()
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
