import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { promisify } from 'node:util'
import { median } from '../../support/report.ts'
import { until } from '../command.ts'
import { cue, flood, livesOf } from '../jobs.ts'
import type { Session, Site } from '../manager.ts'
import { starts } from './starts.ts'

export const MEGABYTES = 300
const LINE = `${'0123456789'.repeat(10).slice(1)}\n`
const LINES = (MEGABYTES * 1e6) / LINE.length
const ROUNDS = 3
const PATIENCE_MS = 120_000
/** No further round begins after so long. */
const BUDGET_MS = 30_000

/** What the job is to write, made once for all managers. */
export async function writeLines(path: string): Promise<void> {
  const file = await open(path, 'w', 0o600)
  for (let written = 0; written < MEGABYTES; written += 1) await file.write(LINE.repeat(1e6 / LINE.length))
  await file.close()
}

/** Whether the last line is in one of the files. */
async function ended(paths: readonly string[]): Promise<true | undefined> {
  for (const path of paths) {
    const file = await open(path)
    const { size } = await file.stat()
    const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, Math.max(0, size - 16))
    await file.close()
    if (buffer.toString('latin1', 0, bytesRead).includes('the-end')) return true
  }
  return undefined
}

async function linesIn(paths: readonly string[]): Promise<number> {
  const counts = await Promise.all(paths.map((path) => promisify(execFile)('wc', ['-l', path])))
  return counts.reduce((all, { stdout }) => all + Number.parseInt(stdout, 10), 0)
}

async function logOf(session: Session, job: string): Promise<string | undefined> {
  const [path] = await session.logs(job)
  return path !== undefined && existsSync(path) ? path : undefined
}

/** Megabytes a second. */
export async function output(session: Session, site: Site): Promise<number> {
  await using go = await cue(site.home, 'flood')
  const rates: number[] = []
  const first = performance.now()
  for (let round = 0; round <= ROUNDS; round += 1) {
    if (rates.length > 0 && performance.now() - first > BUDGET_MS) break
    const job = flood(`flood-${round}`, site.home)
    await starts(session, site, { jobs: [job], signal: AbortSignal.timeout(PATIENCE_MS) })
    const log = await until(() => logOf(session, job.name), 10_000)
    if (log === undefined) throw new Error('there is no file with its output')
    const began = performance.now()
    await go.give()
    if ((await until(() => ended([log]), PATIENCE_MS, 3)) === undefined)
      throw new Error(`not all of it was there after ${PATIENCE_MS / 1000} s`)
    const took = performance.now() - began
    const logs = await session.logs(job.name)
    const lines = await linesIn(logs)
    if (lines !== LINES + 1) throw new Error(`${lines} lines were kept of ${LINES + 1}`)
    // The first round warms up.
    if (round > 0) rates.push((MEGABYTES * 1000) / took)
    const { pid = 0 } = (await livesOf(site.home)).findLast(({ name }) => name === job.name) ?? {}
    process.kill(pid, 'SIGKILL')
    await Promise.all(logs.map((path) => rm(path, { force: true })))
  }
  return median(rates)
}
