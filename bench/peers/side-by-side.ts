/** All measures of all managers, one manager at a time. One that fails has a note in place of a figure, and the others go on. */
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { cue, jobsOf } from './jobs.ts'
import type { Manager } from './manager.ts'
import { MEASURES, type MeasureName } from './measures/all.ts'
import { memory } from './measures/memory.ts'
import { output, writeLines } from './measures/output.ts'
import { recovery } from './measures/recovery.ts'
import { respawn } from './measures/respawn.ts'
import { rest } from './measures/rest.ts'
import { starts } from './measures/starts.ts'
import { timeOf } from './measures/time.ts'
import type { Figure, Recovery } from './results.ts'
import { atWork, withFolder } from './workplace.ts'

/** How long a manager may take until all jobs are up. Milliseconds. */
const patienceWith = (jobs: number): number => Math.max(120_000, jobs * 60)
const MB = 2 ** 20

export interface Findings {
  readonly figures: Figure[]
  readonly recoveries: Recovery[]
}

/** Tells of each figure as it comes. */
export type Tell = (figure: Figure) => void

type Take = (measure: MeasureName, value: () => Promise<number>) => Promise<boolean>

export async function sideBySide(
  managers: readonly Manager[],
  { counts, tell }: { readonly counts: readonly number[]; readonly tell: Tell },
): Promise<Findings> {
  const found: Findings = { figures: [], recoveries: [] }
  await withFolder(async (folder) => {
    const lines = join(folder, 'lines')
    await writeLines(lines)
    for (const manager of managers) {
      if (manager.startsOnly !== true) await once(manager, takes(manager, { found, tell, jobs: null }), lines)
      let worthwhile = true
      for (const jobs of counts) {
        const take = takes(manager, { found, tell, jobs })
        if (worthwhile) worthwhile = await grown(manager, { jobs, found, take })
        else await take('starts', () => Promise.reject(new Error('not tried: fewer were too many')))
      }
    }
  })
  return found
}

/** A figure, or a note that says why there is none; tells whether it is a figure. */
function takes(
  { name: manager }: Manager,
  { found, tell, jobs }: { readonly found: Findings; readonly tell: Tell; readonly jobs: number | null },
): Take {
  return async (measure, value) => {
    const figure = await value().then(
      (value): Figure => ({ manager, measure, jobs, value }),
      (error: unknown): Figure => ({ manager, measure, jobs, value: null, note: reasonOf(error) }),
    )
    found.figures.push(figure)
    tell(figure)
    return figure.value !== null
  }
}

/** Folders of this run mean nothing to who reads it. */
const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error))
    .replaceAll(/\S*ovm-peers-\w+/g, '…')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, 200)

/** For what a manager has no way to do. */
function cannot(): never {
  throw new Error('cannot')
}

/** What does not depend on how many jobs there are. */
async function once(manager: Manager, take: Take, lines: string): Promise<void> {
  await take('idle', () => atWork(manager, async ({ idle }) => timeOf(idle ?? cannot())))
  await take('output', () =>
    atWork(manager, async (session, site) => {
      await symlink(lines, join(site.home, 'lines'))
      return output(session, site)
    }),
  )
}

/** One life of a manager with so many jobs, up to its crash and what comes after; tells whether more of them are worth trying. */
async function grown(
  manager: Manager,
  { jobs: many, found, take }: { readonly jobs: number; readonly found: Findings; readonly take: Take },
): Promise<boolean> {
  return atWork(manager, async (session, site) => {
    await using quit = await cue(site.home, 'quit')
    await using write = await cue(site.home, 'write')
    const jobs = jobsOf(many, site.home)
    const before = await memory(site)
    const signal = AbortSignal.timeout(patienceWith(many))
    if (!(await take('starts', () => starts(session, site, { jobs, signal })))) return false
    if (manager.startsOnly === true) return true
    await take('rest', () => rest(site))
    const used = await memory(site)
    await take('memory', () => Promise.resolve(used / MB))
    if (many >= MEASURES.each.least) await take('each', () => Promise.resolve((used - before) / 1024 / many))
    await take('list', async () => timeOf(session.list ?? cannot()))
    await take('respawn', async () => (session.restarts === false ? cannot() : respawn(site)))
    await take('recovery', async () => {
      const after = await recovery(session, site, { manager: manager.name, jobs, cues: { quit, write } })
      found.recoveries.push(after)
      if (session.running === undefined) cannot()
      if (after.seconds === null) throw new Error(`${after.known} of ${after.of} are known`)
      return after.seconds
    })
    return true
  }).catch((error: unknown) => take('starts', () => Promise.reject(error)))
}
