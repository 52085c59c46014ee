/** What runit and s6 have in common: a job is a folder with a program `run` in it, and one beside it that keeps its output. */
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Job } from '../manager.ts'

interface Kind {
  /** The line of shell that keeps what comes in on stdin in this folder. */
  log(folder: string): string
  /** The lines by which a job that has ended is not started again. */
  readonly giveUp: string
}

const script = (path: string, lines: string): Promise<void> =>
  writeFile(path, `#!/bin/sh\n${lines}\n`, { mode: 0o700 })

/** Made whole elsewhere and linked then, so that nobody sees half a folder. */
export async function addService(home: string, { name, argv, restart }: Job, kind: Kind): Promise<void> {
  const folder = join(home, 'services', name)
  const logs = join(home, 'logs', name)
  await mkdir(join(folder, 'log'), { recursive: true })
  await mkdir(logs, { recursive: true })
  await script(join(folder, 'run'), `exec 2>&1\nexec ${argv.join(' ')}`)
  await script(join(folder, 'log/run'), `exec ${kind.log(logs)}`)
  if (restart === 'never') await script(join(folder, 'finish'), `echo "$1" >exit-code\n${kind.giveUp}`)
  await symlink(folder, join(home, 'scanned', name))
}

/** A log is one file and those that were turned away from it. */
export async function logsIn(home: string, job: string): Promise<readonly string[]> {
  const folder = join(home, 'logs', job)
  return (await readdir(folder))
    .filter((name) => /^(?:current|@.*)$/.test(name))
    .map((name) => join(folder, name))
}
