import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCgroups } from '../../src/process/cgroups/cgroups.ts'
import { eventually } from './eventually.ts'
import { end, processesWith } from './processes.ts'

export interface TemporaryHome extends AsyncDisposable {
  readonly path: string
  /** Everything alive that was started under this home. */
  processes(): number[]
}

/** A home that takes all its processes with it when the test is over. */
export async function temporaryHome(): Promise<TemporaryHome> {
  const path = await mkdtemp(join(tmpdir(), 'overmind-test-'))
  const processes = (): number[] => processesWith(`OVERMIND_HOME=${path}`)
  const endAll = async (): Promise<void> => {
    await eventually(() => {
      const left = processes()
      for (const pid of left) end(pid)
      return left.length === 0
    })
  }
  return {
    path,
    processes,
    async [Symbol.asyncDispose]() {
      await endAll()
      // Empty by now, but nobody will look for them again.
      createCgroups(path).sweep(new Set())
      await rm(path, { recursive: true, force: true, maxRetries: 5 })
      // What was being started when the test failed.
      await endAll()
    },
  }
}
