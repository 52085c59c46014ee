import { median } from '../../support/report.ts'
import { type Command, run } from '../command.ts'

const ROUNDS = 10
const BUDGET_MS = 15_000

/** Milliseconds; fewer rounds of what takes long. The first one fills caches. */
export async function timeOf(command: Command): Promise<number> {
  const began = performance.now()
  const times: number[] = []
  await run(command)
  while (times.length < ROUNDS && (times.length < 3 || performance.now() - began < BUDGET_MS))
    times.push((await run(command)).took)
  return median(times)
}
