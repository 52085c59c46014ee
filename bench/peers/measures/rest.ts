import { setTimeout as sleep } from 'node:timers/promises'
import type { Site } from '../manager.ts'
import { processorOf } from '../processes.ts'
import { managersOwn } from './memory.ts'

export const REST_MS = 10_000

/** Percent of a core. */
export async function rest(site: Site): Promise<number> {
  // What follows a start is over by then.
  await sleep(2000)
  const own = await managersOwn(site)
  const [began, before] = [performance.now(), processorOf(own)]
  await sleep(REST_MS)
  return ((processorOf(own) - before) / (performance.now() - began)) * 100
}
