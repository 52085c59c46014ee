/** How many commands a second can be started, 16 at a time, against a bare loop that only spawns. */
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

/** `sh -c true` with its output in a file of its own, and nothing else. */
function bare(folder: string, index: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const file = openSync(join(folder, `${index}.log`), 'a', 0o600)
    const child = spawn('/bin/sh', ['-c', 'true'], { stdio: ['ignore', file, file] })
    closeSync(file)
    child.once('exit', () => resolve())
    child.once('error', reject)
  })
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
      bare: await rate((index) => bare(folder, round * STARTS + index)),
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
