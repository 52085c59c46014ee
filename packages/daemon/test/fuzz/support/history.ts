/** A home in which things have happened and some still go on, and whose daemon was killed. */
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MissionView } from '../../../src/index.ts'
import { list, mission, start, startDaemon, waitFor } from '../../support/daemon.ts'
import type { TemporaryHome } from '../../support/home.ts'

export interface History {
  /** As they were when the daemon was killed. */
  readonly ended: readonly MissionView[]
  readonly live: readonly MissionView[]
  /** What the log of each ended one was, by its id. */
  readonly logs: ReadonlyMap<string, string>
  /** The live one that ends with 7 when `finish` is called. */
  readonly finishing: string
  finish(): void
  /** Regular files of the home, as paths within it. */
  readonly files: readonly string[]
}

const CONFIG = `
[[hooks]]
name = "told"
events = ["mission.exited"]
command = ["true"]
`

export async function makeHistory(home: TemporaryHome): Promise<History> {
  const go = home.file('go')
  const daemon = await startDaemon(home.path)
  writeFileSync(join(home.path, 'config.toml'), CONFIG, { mode: 0o600 })
  await daemon.post('/v1/reload')

  const done = await start(daemon, { name: 'done', command: 'echo one; echo two >&2; exit 3' })
  const again = await start(daemon, {
    name: 'again',
    command: 'echo again; exit 4',
    restart: 'on-failure',
    max_restarts: 1,
    backoff_ms: 0,
  })
  const waits = `while [ ! -e ${go} ]; do sleep 0.02; done; exit 7`
  const { id: finishing } = await start(daemon, { name: 'finishing', command: waits })
  await start(daemon, { name: 'screen', command: 'cat', terminal: {} })
  const talks = await start(daemon, { name: 'talks', command: 'cat', type: 'session' })
  const { message } = await daemon.post<{ message: string }>(`/v1/missions/${talks.id}/messages`, {
    text: 'hello',
  })
  await daemon.get(`/v1/missions/${talks.id}/messages/${message}?timeout_ms=20000`)
  await waitFor(daemon, done.id)
  await waitFor(daemon, again.id)
  await mission(daemon, finishing, 'runs', ({ phase }) => phase === 'running.up')

  const all = await list(daemon)
  const ended = all.filter(({ exited_at: at }) => at !== null)
  const logs = new Map<string, string>()
  for (const { id } of ended) logs.set(id, await daemon.text(`/v1/missions/${id}/logs?raw=true`))
  await daemon.kill()
  return {
    ended,
    live: all.filter(({ exited_at: at }) => at === null),
    logs,
    finishing,
    finish: () => writeFileSync(go, ''),
    files: readdirSync(home.path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name).slice(home.path.length + 1))
      .toSorted(),
  }
}
