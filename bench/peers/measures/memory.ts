import { livesOf } from '../jobs.ts'
import type { Site } from '../manager.ts'
import { belongingTo, memoryOf } from '../processes.ts'

/** The manager and all that it adds to jobs: whoever is not a job. */
export async function managersOwn({ home }: Site): Promise<readonly number[]> {
  const jobs = new Set((await livesOf(home)).map(({ pid }) => pid))
  return belongingTo(home).filter((pid) => !jobs.has(pid))
}

/** Bytes. */
export const memory = async (site: Site): Promise<number> => memoryOf(await managersOwn(site))
