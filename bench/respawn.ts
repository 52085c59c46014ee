/** How soon a process that crashed runs again, without a delay, against a bare `exit` handler that spawns again. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createRuntime, type Runtime } from '@overmind/core'
import { openSqliteStore } from '@overmind/daemon'
import { atMost, type Figure, median } from './support/report.ts'

const RUNS = 60
const ROUNDS = 5

/** Says when it runs, in seconds since 1970 to the microsecond, and crashes; no other program is started for that. */
const CRASHES = ['bash', '-c', 'echo $EPOCHREALTIME; exit 1'] as const

/** From one run's word to the next one's. Milliseconds. */
function gaps(words: readonly string[]): readonly number[] {
  const times = words.map((word) => Number(word) * 1000)
  return times.slice(1).map((time, index) => time - (times[index] ?? Number.NaN))
}

/** In a process of its own: forking takes longer the more memory a process has. */
async function bare(): Promise<readonly number[]> {
  const folder = await mkdtemp(join(tmpdir(), 'ovm-bench-'))
  const program = fileURLToPath(new URL('support/bare-respawn.ts', import.meta.url))
  await promisify(execFile)(process.execPath, [program, folder, String(RUNS), ...CRASHES])
  const words = await Promise.all(
    Array.from({ length: RUNS }, (_, index) => readFile(join(folder, `${index}.log`), 'utf8')),
  )
  await rm(folder, { recursive: true, force: true })
  return gaps(words)
}

async function supervised(runtime: Runtime): Promise<readonly number[]> {
  const mission = await runtime.start({
    command: CRASHES,
    restart: 'on-failure',
    maxRestarts: RUNS - 1,
    maxSeconds: 3600,
    backoffMs: 0,
  })
  await mission.exited()
  const words = await Promise.all(
    Array.from({ length: RUNS }, async (_, index) => {
      const parts: Uint8Array[] = []
      for await (const part of mission.output({ run: index + 1, follow: false })) parts.push(part)
      return Buffer.concat(parts).toString()
    }),
  )
  return gaps(words)
}

export async function respawn(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'ovm-bench-'))
  const measured: { bare: number; core: number }[] = []
  {
    await using runtime = await createRuntime({
      home: join(folder, 'home'),
      store: openSqliteStore(join(folder, 'store.db')),
    })
    for (let round = 0; round <= ROUNDS; round += 1) {
      const figures = { bare: median(await bare()), core: median(await supervised(runtime)) }
      // The first round warms up.
      if (round > 0) measured.push(figures)
    }
  }
  await rm(folder, { recursive: true, force: true })
  const of = (kind: 'bare' | 'core'): string => median(measured.map((round) => round[kind])).toFixed(2)
  return [
    atMost(
      'crash to respawn ÷ bare `exit` handler',
      median(measured.map(({ bare: alone, core }) => core / alone)),
      2,
      `${of('core')} against ${of('bare')} ms, median of ${RUNS} runs, 5 times`,
    ),
  ]
}
