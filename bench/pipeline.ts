/** A pipeline of a thousand commands against a bare loop that starts the same commands, as many at a time, in any order. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { applyBlueprint, blueprintController } from '@overmind/blueprint'
import { createRuntime } from '@overmind/core'
import { openSqliteStore } from '@overmind/daemon'
import { atMost, type Figure, median } from './support/report.ts'

const AGENTS = 1000
const EDGES = 4
const AT_A_TIME = 16
const ROUNDS = 3

/** Each agent waits for four of the hundred before it; the same graph every time. */
function document(round: number): object {
  let seed = 7
  const random = (below: number): number => (seed = (seed * 16807) % 2147483647) % below
  const agents = Object.fromEntries(
    Array.from({ length: AGENTS }, (_, index) => {
      const near = Math.min(index, 100)
      const on = new Set(near === 0 ? [] : Array.from({ length: EDGES }, () => index - 1 - random(near)))
      return [`a${index}`, { command: 'true', depends_on: [...on].map((each) => `a${each}`) }]
    }),
  )
  return { name: `bench-${round}`, max_parallel: AT_A_TIME, agents }
}

async function bare(folder: string): Promise<number> {
  const program = fileURLToPath(new URL('support/bare-loop.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [
    program,
    folder,
    String(AGENTS),
    String(AT_A_TIME),
  ])
  return (AGENTS * 1000) / Number(stdout)
}

export async function pipeline(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'ovm-bench-'))
  await using runtime = await createRuntime({
    home: join(folder, 'home'),
    store: openSqliteStore(join(folder, 'store.db')),
    controllers: [blueprintController()],
  })
  const env = { PATH: process.env['PATH'] ?? '' }
  const rounds: { readonly alone: number; readonly whole: number }[] = []
  for (let round = 0; round <= ROUNDS; round += 1) {
    const alone = await bare(folder)
    const began = performance.now()
    const { mission } = await applyBlueprint(runtime, document(round), { cwd: folder, env })
    const exit = await mission.exited()
    const whole = performance.now() - began
    if (exit.code !== 0) throw new Error(exit.evidence.reason)
    // The first round warms up.
    if (round > 0) rounds.push({ alone, whole })
  }
  await rm(folder, { recursive: true, force: true })
  const of = (kind: 'alone' | 'whole'): string => median(rounds.map((round) => round[kind])).toFixed(0)
  return [
    atMost(
      'a pipeline of 1,000 ÷ the same commands in a bare loop',
      median(rounds.map(({ alone, whole }) => whole / alone)),
      2,
      `${of('whole')} against ${of('alone')} ms, 4 edges each, 16 at a time`,
    ),
  ]
}
