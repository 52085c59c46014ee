/** Many missions at once, for the suite and, larger, for the soak. */
import type { Api } from './api.ts'
import { type Daemon, list, start, startDaemon, waitFor } from './daemon.ts'
import type { TemporaryHome } from './home.ts'

/** Runs `count` missions of `command`, `atOnce` at a time, each to its end; tells their exit codes. */
export async function runMany(
  api: Api,
  count: number,
  { command = 'true', atOnce = 16 }: { readonly command?: string; readonly atOnce?: number } = {},
): Promise<readonly (number | null)[]> {
  const codes: (number | null)[] = []
  let next = 0
  async function worker(): Promise<void> {
    while (next < count) {
      next += 1
      const { id } = await start(api, { command })
      codes.push((await waitFor(api, id, 60_000)).exit_code)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return codes
}

export interface Crowd {
  readonly next: Daemon
  readonly ids: readonly string[]
}

/** Starts many missions that live, kills their daemon, and starts another one. */
export async function adoptMany(home: TemporaryHome, count: number): Promise<Crowd> {
  const daemon = await startDaemon(home.path)
  const ids: string[] = []
  for (let done = 0; done < count; done += 50) {
    const some = Array.from({ length: Math.min(50, count - done) }, () =>
      start(daemon, { command: 'sleep 100000', env: { PATH: '/usr/bin:/bin' } }),
    )
    ids.push(...(await Promise.all(some)).map(({ id }) => id))
  }
  await daemon.kill()
  return { next: await startDaemon(home.path), ids }
}

export async function running(api: Api): Promise<readonly string[]> {
  return (await list(api)).filter(({ status, run }) => status === 'running' && run === 1).map(({ id }) => id)
}
