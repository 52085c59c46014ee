import type { Stats } from 'node:fs'
import { chmod, lstat, readdir, stat } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { type CheckOptions, type Finding, reason } from './finding.ts'

const OTHERS = 0o077
const WRITABLE_BY_OTHERS = 0o022
const STICKY = 0o1000
/** Compiled code of the command, which everybody has; but who could write to it could have it run. */
const NO_SECRET = 'cache'
/** Programs of hooks, and other things that people keep in a home, may have modes as they please. */
const FULL_OF_SECRETS: ReadonlySet<string> = new Set(['output', 'input', 'tty', 'results'])

/** The folder is its owner's alone, and so is every file in it: they hold environments, which hold secrets. */
export async function checkHome({ home, fix }: CheckOptions): Promise<Finding> {
  const check = 'home'
  const problem = (detail: string): Finding => ({ check, state: 'problem', detail })
  try {
    const entries = await entriesOf(home)
    const foreign = entries.filter(({ stats }) => stats.uid !== process.getuid?.())
    if (foreign.some(({ path }) => path === home)) {
      return problem(`${home} belongs to another user: set OVERMIND_HOME to a folder of yours`)
    }
    if (foreign.length > 0) {
      return problem(`${listed(foreign)} in it belongs to another user: look at it, and remove it`)
    }
    if (await isReplaceable(home)) {
      return problem(
        `others could put another folder in its place: run chmod +t ${dirname(home)}, or set OVERMIND_HOME to a folder elsewhere`,
      )
    }
    const open = entries.filter(isOpen)
    if (open.length === 0) return { check, state: 'ok', detail: `${home} is yours alone` }
    if (!fix) return problem(`others may open ${listed(open)}: run overmind doctor --fix`)
    for (const { path, stats } of open) await chmod(path, stats.mode & 0o7700)
    return { check, state: 'fixed', detail: `closed to others: ${listed(open)}` }
  } catch (error) {
    if (reason(error) === 'ENOENT') {
      return { check, state: 'ok', detail: `${home} does not exist yet: the first start makes it` }
    }
    return problem(`${home} cannot be read (${reason(error)})`)
  }
}

interface Entry {
  readonly path: string
  readonly name: string
  readonly stats: Stats
}

/** The folder that a home is, and what is in it; what links in it lead to is not. */
async function entriesOf(home: string): Promise<readonly Entry[]> {
  const names = (await readdir(home, { recursive: true })).filter(
    (name) => !name.startsWith(`${NO_SECRET}${sep}`),
  )
  const entries = await Promise.all(
    names.map(async (name): Promise<Entry | null> => {
      const path = join(home, name)
      const stats = await lstat(path).catch(() => null) // it has gone meanwhile
      return stats === null ? null : { path, name, stats }
    }),
  )
  return [{ path: home, name: '.', stats: await stat(home) }, ...entries.filter((entry) => entry !== null)]
}

function isOpen({ name, stats }: Entry): boolean {
  if (stats.isSymbolicLink()) return false
  const [top = '', ...below] = name.split(sep)
  if (below.length > 0 && !FULL_OF_SECRETS.has(top)) return false
  return (stats.mode & (name === NO_SECRET ? WRITABLE_BY_OTHERS : OTHERS)) !== 0
}

async function isReplaceable(home: string): Promise<boolean> {
  const { mode } = await stat(dirname(home))
  return (mode & WRITABLE_BY_OTHERS) !== 0 && (mode & STICKY) === 0
}

/** A page of paths helps nobody. */
const MOST_SHOWN = 10

function listed(entries: readonly Entry[]): string {
  const shown = entries.slice(0, MOST_SHOWN).map(({ path }) => path)
  return `${shown.join(', ')}${entries.length > MOST_SHOWN ? ', …' : ''}`
}
