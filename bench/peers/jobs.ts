/** The jobs that every manager is given, and what they note down themselves: a manager is never asked whether it did well. */
import { spawnSync } from 'node:child_process'
import { constants } from 'node:fs'
import { open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Job } from './manager.ts'

const CRASHERS = 5

function job(
  program: string,
  name: string,
  { home, ...rest }: { readonly home: string } & Partial<Job>,
): Job {
  const path = fileURLToPath(new URL(`programs/${program}.sh`, import.meta.url))
  const shell = program === 'crasher' ? '/bin/bash' : '/bin/sh'
  return { name, argv: [shell, path, name, home], restart: 'always', logged: false, ...rest }
}

/** So many jobs: one that is to end with 7, one that is to write, some that are killed, and for the rest sleepers. */
export function jobsOf(many: number, home: string): readonly Job[] {
  return [
    job('quitter', 'quitter', { home, restart: 'never' }),
    job('writer', 'writer', { home, logged: true }),
    ...Array.from({ length: CRASHERS }, (_, index) => job('crasher', `crasher-${index}`, { home })),
    ...Array.from({ length: many - CRASHERS - 2 }, (_, index) =>
      job('sleeper', `sleeper-${index}`, { home }),
    ),
  ]
}

export const flood = (name: string, home: string): Job =>
  job('flood', name, { home, restart: 'never', logged: true })

/** One life of a job, as it noted it itself. */
export interface Life {
  readonly name: string
  readonly pid: number
  /** Milliseconds since 1970; NaN for jobs that do not say. */
  readonly since: number
}

/** How many notes there are; cheaper than reading them. */
export async function notesIn(home: string): Promise<number> {
  const noted = await readFile(join(home, 'up'), { flag: 'a+' })
  let count = 0
  for (let at = noted.indexOf(10); at !== -1; at = noted.indexOf(10, at + 1)) count += 1
  return count
}

/** All lives of all jobs so far, in the order in which they began. */
export async function livesOf(home: string): Promise<readonly Life[]> {
  const noted = await readFile(join(home, 'up'), { encoding: 'utf8', flag: 'a+' })
  return noted
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [name = '', pid, since] = line.split(' ')
      return { name, pid: Number(pid), since: Number(since) * 1000 }
    })
}

/** Something that a job waits for. It is held open, so that telling a job that is gone does not wait for ever. */
export interface Cue extends AsyncDisposable {
  give(): Promise<void>
}

export async function cue(home: string, name: string): Promise<Cue> {
  const path = join(home, name)
  const { status, stderr } = spawnSync('mkfifo', ['-m', '600', path], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  const file = await open(path, constants.O_RDWR | constants.O_NONBLOCK)
  return {
    give: async () => void (await file.write('\n')),
    [Symbol.asyncDispose]: () => file.close(),
  }
}

/** A file by which jobs that come later see what has happened. */
export const note = (home: string, name: string): Promise<void> => writeFile(join(home, name), '')
