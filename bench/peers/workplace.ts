/** A folder and an environment of its own for each manager at work. Nothing of either is left behind, whatever happens. */
import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Manager, Session, Site } from './manager.ts'
import { belongingTo, endAll, kill, MARK } from './processes.ts'

const open = new Set<string>()

/** A folder for as long as it is used, and the processes that carry its mark. */
export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'ovm-peers-'))
  open.add(folder)
  try {
    return await use(folder)
  } finally {
    await endAll(folder)
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    open.delete(folder)
  }
}

export function atWork<T>(manager: Manager, use: (session: Session, site: Site) => Promise<T>): Promise<T> {
  return withFolder(async (home) => {
    const env = { PATH: process.env['PATH'] ?? '', HOME: home, LANG: 'C.UTF-8', [MARK]: home }
    const site = { home, env }
    return use(await manager.open(site), site)
  })
}

/** When the bench itself is told to end. */
export function clearUpOn(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): void {
  process.once(signal, () => {
    for (const home of open) {
      for (let left = belongingTo(home); left.length > 0; left = belongingTo(home)) left.forEach(kill)
      rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    }
    process.exit(1)
  })
}
