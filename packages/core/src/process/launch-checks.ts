import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { isAbsolute, join, resolve } from 'node:path'
import { OvermindError } from '../model/errors.ts'
import type { Environment } from '../model/spec.ts'

/** @throws OvermindError `cwd_not_found`, `cwd_not_a_directory` */
export async function checkFolder(cwd: string): Promise<void> {
  const about = { field: 'cwd', value: cwd }
  const folder = await stat(cwd).catch(() => undefined)
  if (folder === undefined)
    throw new OvermindError('cwd_not_found', `the working directory does not exist: ${cwd}`, about)
  if (!folder.isDirectory()) {
    throw new OvermindError('cwd_not_a_directory', `the working directory is not a directory: ${cwd}`, about)
  }
}

/**
 * Finds a program as the system would, so that a slip of the finger is an error at once.
 *
 * @returns its absolute path
 * @throws OvermindError `command_not_found`, `command_not_executable`
 */
export async function findProgram(program: string, cwd: string, env: Environment): Promise<string> {
  const value = program
  const candidates = program.includes('/')
    ? [isAbsolute(program) ? program : resolve(cwd, program)]
    : (env['PATH'] ?? '/usr/bin:/bin').split(':').map((folder) => join(resolve(cwd, folder), program))
  let found: string | undefined
  for (const candidate of candidates) {
    const file = await stat(candidate).catch(() => undefined)
    if (file === undefined || file.isDirectory()) continue
    found ??= candidate
    if (
      await access(candidate, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return candidate
  }
  if (found !== undefined) {
    throw new OvermindError('command_not_executable', `the program is not executable: ${found}`, {
      field: 'command',
      value,
    })
  }
  const where = program.includes('/') ? '' : ' on PATH'
  throw new OvermindError('command_not_found', `the program was not found${where}: ${program}`, {
    field: 'command',
    value,
  })
}
