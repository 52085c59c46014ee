import { setTimeout as sleep } from 'node:timers/promises'
import { median } from '../../support/report.ts'
import { until } from '../command.ts'
import { type Life, livesOf } from '../jobs.ts'
import type { Site } from '../manager.ts'

const ROUNDS = 2
/** Managers that wait a second between two starts of a job do not wait for one that is older. */
const OLD_ENOUGH_MS = 2500
const PATIENCE_MS = 20_000

/** The wall clock, which the successor reads as well, waited for until it ticks: it shows milliseconds only. */
function tick(): number {
  const before = Date.now()
  for (;;) {
    const now = Date.now()
    if (now !== before) return now
  }
}

async function oneOf({ home }: Site, name: string): Promise<number> {
  const last = async (): Promise<Life | undefined> =>
    (await livesOf(home)).findLast((life) => life.name === name)
  const victim = await last()
  if (victim === undefined) throw new Error(`${name} has never been up`)
  const killed = tick()
  process.kill(victim.pid, 'SIGKILL')
  const successor = await until(async () => {
    const now = await last()
    return now?.pid === victim.pid ? undefined : now
  }, PATIENCE_MS)
  if (successor === undefined) throw new Error(`${name} was not started again in ${PATIENCE_MS / 1000} s`)
  return successor.since - killed
}

/** Milliseconds. */
export async function respawn(site: Site): Promise<number> {
  const crashers = new Set(
    (await livesOf(site.home)).map(({ name }) => name).filter((name) => name.startsWith('crasher')),
  )
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    await sleep(OLD_ENOUGH_MS)
    for (const name of crashers) times.push(await oneOf(site, name))
  }
  return median(times)
}
