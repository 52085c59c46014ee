import { chmod, lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type CheckOptions, type Finding, reason } from './finding.ts'

const OTHERS = 0o077
/** Compiled code of the command, which everybody has. */
const NO_SECRET = 'cache'

/** The folder is its owner's alone, and so is every file in it: they hold environments, which hold secrets. */
export async function checkHome({ home, fix }: CheckOptions): Promise<Finding> {
  const check = 'home'
  try {
    const { uid } = await lstat(home)
    if (uid !== process.getuid?.()) {
      return {
        check,
        state: 'problem',
        detail: `${home} belongs to another user: set OVERMIND_HOME to a folder of yours`,
      }
    }
    const open = await openToOthers(home)
    if (open.length === 0) return { check, state: 'ok', detail: `${home} is yours alone` }
    if (!fix) {
      const detail = `others may open ${open.join(', ')}: run overmind doctor --fix`
      return { check, state: 'problem', detail }
    }
    for (const path of open) await close(path)
    return { check, state: 'fixed', detail: `closed to others: ${open.join(', ')}` }
  } catch (error) {
    if (reason(error) === 'ENOENT') {
      return { check, state: 'ok', detail: `${home} does not exist yet: the first start makes it` }
    }
    return { check, state: 'problem', detail: `${home} cannot be read (${reason(error)})` }
  }
}

async function openToOthers(home: string): Promise<string[]> {
  const paths = [
    home,
    ...(await readdir(home)).filter((name) => name !== NO_SECRET).map((name) => join(home, name)),
  ]
  const modes = await Promise.all(
    paths.map(async (path) => ({ path, stat: await lstat(path).catch(() => null) })),
  )
  return modes
    .filter(({ stat }) => stat !== null && !stat.isSymbolicLink() && (stat.mode & OTHERS) !== 0)
    .map(({ path }) => path)
}

async function close(path: string): Promise<void> {
  const { mode } = await lstat(path)
  await chmod(path, mode & 0o7700)
}
