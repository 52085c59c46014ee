import { constants, lstatSync } from 'node:fs'
import { access, chmod, mkdir, realpath, stat } from 'node:fs/promises'
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
  outputFile(mission: MissionId, run: Run, stream: Stream): string
  inputFile(mission: MissionId, run: Run, part: string): string
  recordingFile(mission: MissionId, run: Run): string
  attachedFile(mission: MissionId): string
  terminalSocket(mission: MissionId): string
}

const SUFFIX: Readonly<Record<Stream, string>> = { output: 'log', stdout: 'out', stderr: 'err' }

function homeAt(path: string): Home {
  const output = join(path, 'output')
  const input = join(path, 'input')
  const terminals = join(path, 'tty')
  return {
    path,
    runs: join(path, 'runs'),
    output,
    input,
    terminals,
    outputFile: (mission, run, stream) => join(output, `${mission}.${run}.${SUFFIX[stream]}`),
    inputFile: (mission, run, part) => join(input, `${mission}.${run}.${part}`),
    recordingFile: (mission, run) => join(output, `${mission}.${run}.cast`),
    terminalSocket: (mission) => join(terminals, mission),
    attachedFile: (mission) => join(terminals, `${mission}.attached`),
  }
}

/**
 * Sees that these are files of a home, or not there: what is written to them is to stay in it, and is not to be lost in a
 * folder or wait for the reader of a pipe.
 *
 * @throws OvermindError `home_not_writable`
 */
export function mustBeFiles(home: string, names: readonly string[]): void {
  for (const name of names) {
    const path = join(home, name)
    const stats = lstatSync(path, { throwIfNoEntry: false })
    if (stats === undefined || stats.isFile()) continue
    const kind = stats.isSymbolicLink() ? 'a link' : stats.isDirectory() ? 'a folder' : 'no file'
    throw new OvermindError(
      'home_not_writable',
      `${path} is ${kind}, and is to be a file: move it away, and start again`,
    )
  }
}

/** Makes the folder if need be. @throws OvermindError `home_not_writable` or `home_not_private` */
export async function prepareHome(path: string): Promise<Home> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
    const { mode, uid } = await stat(path)
    if (uid !== process.getuid?.()) {
      throw new OvermindError(
        'home_not_private',
        `the folder ${path} belongs to another user; use one of your own`,
      )
    }
    if ((mode & 0o077) !== 0) await chmod(path, 0o700)
    for (const folder of ['output', 'input', 'tty']) {
      await mkdir(join(path, folder), { recursive: true, mode: 0o700 })
    }
    await access(path, constants.W_OK)
    mustBeFiles(path, ['runs', 'runs.1'])
    // One home has one name: it is in the environment of every process of its missions.
    return homeAt(await realpath(path))
  } catch (error) {
    if (error instanceof OvermindError) throw error
    const why = systemCode(error) ?? String(error)
    throw new OvermindError(
      'home_not_writable',
      `the folder ${path} cannot be used (${why}): make it writable or choose another`,
      {
        cause: error,
      },
    )
  }
}
