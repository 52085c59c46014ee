import { constants, lstatSync, type Stats } from 'node:fs'
import { access, chmod, lstat, mkdir, readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { OvermindError, systemCode } from '../model/errors.ts'
import type { MissionId, Run } from '../model/ids.ts'
import type { Stream } from '../model/output.ts'

/** Where a runtime keeps its files; everything below one folder that only its owner may enter. */
export interface Home {
  readonly path: string
  /** The journal that keepers append starts and exits to. */
  readonly runs: string
  readonly output: string
  /** What runs that talk are told goes through files of this folder. */
  readonly input: string
  /** Where the keepers of terminals listen, and say who is attached. */
  readonly terminals: string
  /** What missions have found out, as files: a folder for each of those that there is something of. */
  readonly results: string
  outputFile(mission: MissionId, run: Run, stream: Stream): string
  inputFile(mission: MissionId, run: Run, part: string): string
  argumentsFolder(mission: MissionId, run: Run): string
  recordingFile(mission: MissionId, run: Run): string
  attachedFile(mission: MissionId): string
  terminalSocket(mission: MissionId): string
  resultsFolder(mission: MissionId): string
}

const SUFFIX: Readonly<Record<Stream, string>> = { output: 'log', stdout: 'out', stderr: 'err' }

function homeAt(path: string): Home {
  const output = join(path, 'output')
  const input = join(path, 'input')
  const terminals = join(path, 'tty')
  const results = join(path, 'results')
  return {
    path,
    runs: join(path, 'runs'),
    output,
    input,
    terminals,
    results,
    outputFile: (mission, run, stream) => join(output, `${mission}.${run}.${SUFFIX[stream]}`),
    inputFile: (mission, run, part) => join(input, `${mission}.${run}.${part}`),
    argumentsFolder: (mission, run) => join(input, `${mission}.${run}.arguments`),
    recordingFile: (mission, run) => join(output, `${mission}.${run}.cast`),
    terminalSocket: (mission) => join(terminals, mission),
    resultsFolder: (mission) => join(results, mission),
    attachedFile: (mission) => join(terminals, `${mission}.attached`),
  }
}

/**
 * Sees that these are files of a home, or not there: what is written to them is to stay in it, and a pipe would make who opens
 * it wait.
 *
 * @throws OvermindError `home_not_writable`
 */
export function mustBeFiles(home: string, names: readonly string[]): void {
  for (const name of names) {
    const path = join(home, name)
    const stats = lstatSync(path, { throwIfNoEntry: false })
    if (stats === undefined || stats.isFile()) continue
    const kind = kindOf(stats)
    throw new OvermindError(
      'home_not_writable',
      `${path} is ${kind}, and is to be a file: move it away, and start again`,
    )
  }
}

function kindOf(stats: Stats): string {
  if (stats.isSymbolicLink()) return 'a link'
  if (stats.isDirectory()) return 'a folder'
  return stats.isFIFO() ? 'a pipe' : 'no file'
}

const FOLDERS = ['output', 'input', 'tty', 'results'] as const

const OPEN_TO_OTHERS = 0o077
const WRITABLE_BY_OTHERS = 0o022

/** Makes the folder if need be. @throws OvermindError `home_not_writable` or `home_not_private` */
export async function prepareHome(path: string): Promise<Home> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
    const link = await lstat(path)
    // Who owns a link can turn it to another folder at any time.
    if (link.isSymbolicLink() && link.uid !== 0) mustBeOurs(path, link)
    await closeFolder(path)
    for (const folder of FOLDERS) {
      await mkdir(join(path, folder), { recursive: true, mode: 0o700 })
      const wasWritable = await closeFolder(join(path, folder))
      if (wasWritable) await mustHoldOurs(join(path, folder))
    }
    await mustHoldOurs(path)
    await access(path, constants.W_OK)
    mustBeFiles(path, ['runs', 'runs.1'])
    // One home has one name: it is in the environment of every process of its missions.
    return homeAt(await realpath(path))
  } catch (error) {
    if (error instanceof OvermindError) throw error
    const why = systemCode(error) ?? String(error)
    throw unusable(path, why, error)
  }
}

/** Closes a folder of ours to others; returns whether they could have put something into it. */
async function closeFolder(path: string): Promise<boolean> {
  const stats = await stat(path)
  mustBeOurs(path, stats)
  if ((stats.mode & OPEN_TO_OTHERS) !== 0) await chmod(path, 0o700)
  return (stats.mode & WRITABLE_BY_OTHERS) !== 0
}

/**
 * What others put into a folder while they could would be written to, or read and believed: a link of theirs leads to any
 * file of ours.
 */
async function mustHoldOurs(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const entry = await lstat(path).catch(nullIfGone)
    if (entry !== null) mustBeOurs(path, entry)
  }
}

function nullIfGone(error: unknown): null {
  if (systemCode(error) === 'ENOENT') return null
  throw error
}

function mustBeOurs(path: string, { uid }: Stats): void {
  if (uid === process.getuid?.()) return
  throw new OvermindError(
    'home_not_private',
    `${path} belongs to another user: use a folder of your own, with nothing of others in it`,
  )
}

function unusable(path: string, why: string, cause?: unknown): OvermindError {
  return new OvermindError(
    'home_not_writable',
    `${path} cannot be used (${why}): make it writable or choose another`,
    { cause },
  )
}
