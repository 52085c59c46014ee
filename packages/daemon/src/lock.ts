import { closeSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openRegular, OvermindError } from '@overmind/core'
import { SQLITE_BUSY, SQLITE_CORRUPT, SQLITE_NOTADB, sqliteCode } from './store/sqlite-error.ts'

const WAIT_MS = 500

export interface Lock {
  release(): void
}

/**
 * Makes this process the only daemon of a home. The lock is the kernel's, taken through SQLite (Node has
 * no other way to one): it is gone when its process is gone, however that ended, so it cannot be stale.
 *
 * @throws OvermindError `home_in_use`, `home_not_writable`
 */
export function lockHome(path: string): Lock {
  closeSync(openRegular(path, 'append'))
  const database = new DatabaseSync(path, { timeout: WAIT_MS })
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    const code = sqliteCode(error)
    if (code === SQLITE_NOTADB || code === SQLITE_CORRUPT) {
      // It holds nothing: what is in it is none of ours. Beside it may lie what would be written into it again.
      rmSync(path)
      rmSync(`${path}-journal`, { force: true })
      return lockHome(path)
    }
    if (code !== SQLITE_BUSY) {
      const why = error instanceof Error ? error.message : String(error)
      throw new OvermindError('home_not_writable', `${path} cannot be locked: ${why}`, { cause: error })
    }
    throw new OvermindError('home_in_use', `another daemon is using ${dirname(path)}`, { cause: error })
  }
  return { release: () => database.close() }
}
