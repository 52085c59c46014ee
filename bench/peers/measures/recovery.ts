/** What a crash of the manager costs: its jobs, what it knew of them, and what they wrote. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../command.ts'
import { type Cue, livesOf, note } from '../jobs.ts'
import type { Job, Session, Site } from '../manager.ts'
import { kill, lives } from '../processes.ts'
import type { Recovery } from '../results.ts'

/** How long a list may take to show them all. Milliseconds. */
const patienceWith = (jobs: number): number => Math.max(60_000, jobs * 40)
/** A list that shows no more of them for so long is not going to. */
const STANDSTILL_MS = 10_000
/** How long things may go on that a crash, or the end of one, sets off. */
const SETTLE_MS = 1500

interface Cues {
  readonly quit: Cue
  readonly write: Cue
}

export async function recovery(
  session: Session,
  { home }: Site,
  { manager, jobs, cues }: { readonly manager: string; readonly jobs: readonly Job[]; readonly cues: Cues },
): Promise<Recovery> {
  const staying = jobs.map(({ name }) => name).filter((name) => name !== 'quitter')
  await cues.write.give()
  await session.save?.()
  await sleep(SETTLE_MS)
  const before = new Map((await livesOf(home)).map((life) => [life.name, life.pid]))
  const pidOf = (name: string): number => before.get(name) ?? Number.NaN

  kill(await session.pid())
  await note(home, 'crashed')
  await cues.quit.give()
  await sleep(SETTLE_MS)
  const alive = staying.filter((name) => lives(pidOf(name)))

  const began = performance.now()
  await session.reopen()
  let known: number | null = null
  let grewAt = began
  const listed = await until(
    async () => {
      if (session.running === undefined) return false
      const running = await session.running()
      const before = known ?? 0
      known = staying.filter((name) => running.has(name)).length
      if (known === staying.length) return true
      if (known > before) grewAt = performance.now()
      return performance.now() - grewAt > STANDSTILL_MS ? false : undefined
    },
    patienceWith(jobs.length),
    50,
  )
  const seconds = listed === true ? (performance.now() - began) / 1000 : null
  await sleep(SETTLE_MS)

  const now = Map.groupBy(await livesOf(home), ({ name }) => name)
  const living = (name: string): number =>
    new Set((now.get(name) ?? []).map(({ pid }) => pid).filter(lives)).size
  const writerLived = lives(pidOf('writer'))
  await note(home, 'stop')
  await sleep(SETTLE_MS)
  return {
    manager,
    jobs: jobs.length,
    alive: alive.length,
    of: staying.length,
    known,
    twice: staying.filter((name) => living(name) > 1).length,
    again: staying.filter((name) => !lives(pidOf(name)) && living(name) > 0).length,
    exitCode: await codeOf(session, (now.get('quitter') ?? []).length),
    writerLived,
    seconds,
    ...(await linesOf(session, home)),
  }
}

async function codeOf(session: Session, lives: number): Promise<Recovery['exitCode']> {
  if (session.exitCode === undefined) return 'cannot'
  if (lives > 1) return 'ran again'
  return (await session.exitCode('quitter').catch(() => undefined)) === 7 ? 'known' : 'not known'
}

/** What the writer says that it has written, against what the manager has kept. */
async function linesOf(
  session: Session,
  home: string,
): Promise<Pick<Recovery, 'linesWritten' | 'linesLost' | 'linesTwice'>> {
  const lines = (text: string): readonly string[] => text.match(/^line \d+ \d+/gm) ?? []
  const written = lines(await readFile(join(home, 'written'), 'utf8'))
  const texts = await Promise.all((await session.logs('writer')).map((path) => readFile(path, 'utf8')))
  const kept = Map.groupBy(texts.flatMap(lines), (line) => line)
  return {
    linesWritten: written.length,
    linesLost: written.filter((line) => !kept.has(line)).length,
    linesTwice: [...kept.values()].filter((same) => same.length > 1).length,
  }
}
