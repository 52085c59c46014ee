/** How many commands a second can be started, 16 at a time, against a bare loop that only spawns. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createRuntime } from '@overmind/core'
import { openSqliteStore } from '@overmind/daemon'
import { benchDaemon } from './support/daemon.ts'
import { atLeast, type Figure, median } from './support/report.ts'

const AT_A_TIME = 16
const STARTS = 320
const ROUNDS = 5

async function rate(start: (index: number) => Promise<unknown>): Promise<number> {
  let next = 0
  const began = performance.now()
  const worker = async (): Promise<void> => {
    while (next < STARTS) await start(next++)
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, worker))
  return (STARTS * 1000) / (performance.now() - began)
}

/** In a process of its own: forking takes longer the more memory a process has. */
async function bareRate(folder: string): Promise<number> {
  const program = fileURLToPath(new URL('support/bare-loop.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [
    program,
    folder,
    String(STARTS),
    String(AT_A_TIME),
  ])
  return Number(stdout)
}

export async function starts(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'ovm-bench-'))
  await using daemon = await benchDaemon()
  await using runtime = await createRuntime({
    home: join(folder, 'home'),
    store: openSqliteStore(join(folder, 'store.db')),
  })
  const env = { PATH: process.env['PATH'] ?? '' }
  const rates: { bare: number; core: number; api: number }[] = []
  for (let round = 0; round <= ROUNDS; round += 1) {
    const measured = {
      bare: await bareRate(folder),
      core: await rate(async () => (await runtime.start({ command: 'true' })).exited()),
      api: await rate(async () => {
        const { id } = await daemon.client.start({ command: 'true', cwd: folder, env })
        await daemon.client.wait(id)
      }),
    }
    // The first round warms up.
    if (round > 0) rates.push(measured)
  }
  await rm(folder, { recursive: true, force: true })
  const behind = (kind: 'core' | 'api'): string =>
    `${median(rates.map((round) => round[kind])).toFixed(0)} against ${median(rates.map((round) => round.bare)).toFixed(0)} a second`
  return [
    atLeast(
      'starts in-process ÷ bare spawn',
      median(rates.map((round) => round.core / round.bare)),
      0.8,
      behind('core'),
    ),
    atLeast(
      'starts through the API ÷ bare spawn',
      median(rates.map((round) => round.api / round.bare)),
      0.65,
      behind('api'),
    ),
  ]
}
