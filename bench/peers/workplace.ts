/** A folder and an environment of its own for each manager at work. Nothing of either is left behind, whatever happens. */
import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Manager, Session, Site } from './manager.ts'
import { belongingTo, endAll, kill, MARK } from './processes.ts'

const open = new Set<string>()

export async function atWork<T>(
  manager: Manager,
  use: (session: Session, site: Site) => Promise<T>,
): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), 'ovm-peers-'))
  open.add(home)
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, LANG: 'C.UTF-8', [MARK]: home }
  try {
    const site = { home, env }
    return await use(await manager.open(site), site)
  } finally {
    await endAll(home)
    await rm(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    open.delete(home)
  }
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
