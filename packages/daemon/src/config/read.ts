import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { OvermindError } from '@overmind/core'
import { type Config, NO_CONFIG } from './config.ts'
import { parseConfig } from './parse.ts'

/** Larger than anybody's settings. Bytes. */
const LARGEST = 1024 * 1024
const WRITABLE_BY_OTHERS = 0o022

export interface ReadConfig {
  readonly path: string
  /** Without the file there are no settings. */
  readonly exists: boolean
  readonly config: Config
}

/** The settings of a home. @throws OvermindError `invalid_config`; its message has a line for each thing that is wrong */
export function readConfig(home: string): ReadConfig {
  const path = join(home, 'config.toml')
  const source = textOf(path)
  if (source === null) return { path, exists: false, config: NO_CONFIG }
  return { path, exists: true, config: parseConfig(source, path) }
}

/** The same, with what is wrong in words for people. */
export function findConfig(home: string): ReadConfig | { readonly problems: string } {
  try {
    return readConfig(home)
  } catch (error) {
    if (error instanceof OvermindError) return { problems: error.message }
    throw error
  }
}

/** Null when there is no file. Who could write to it could have commands run in the user's name. */
function textOf(path: string): string | null {
  let file: number
  try {
    // A pipe would make who opens it wait.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    if (code === 'ENOENT') return null
    throw unusable(path, `cannot be read (${code})`, error)
  }
  try {
    const stats = fstatSync(file)
    if (!stats.isFile()) throw unusable(path, 'is not a file')
    if (stats.uid !== process.getuid?.()) throw unusable(path, 'belongs to another user: it must be yours')
    if ((stats.mode & WRITABLE_BY_OTHERS) !== 0) {
      throw unusable(path, `can be written by others: run chmod go-w ${path}`)
    }
    if (stats.size > LARGEST) throw unusable(path, `has ${stats.size} bytes: it may have ${LARGEST}`)
    return decoded(readFileSync(file), path)
  } finally {
    closeSync(file)
  }
}

function decoded(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    throw unusable(path, 'is not text in UTF-8', error)
  }
}

function unusable(path: string, why: string, cause?: unknown): OvermindError {
  return new OvermindError('invalid_config', `${path} ${why}`, { cause })
}
