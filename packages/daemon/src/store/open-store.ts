import { existsSync, renameSync, statSync } from 'node:fs'
import { openSqliteStore, type SqliteStore } from './sqlite-store.ts'
import { StoreDamaged } from './store-damaged.ts'

export interface OpenedStore {
  readonly store: SqliteStore
  /** Where a damaged store was put, if there was one. */
  readonly replaced: { readonly path: string; readonly reason: string } | null
}

/**
 * Opens the store at `path`. A damaged one is set aside under another name, never deleted, and a new one
 * takes its place: missions that still run are found by their keepers, and what is lost is their history.
 */
export function openStore(path: string, now: Date): OpenedStore {
  try {
    // A store is never empty: not even a new one, for longer than its making takes.
    if (statSync(path, { throwIfNoEntry: false })?.size === 0) throw new StoreDamaged('the file is empty')
    return { store: openSqliteStore(path), replaced: null }
  } catch (error) {
    if (!(error instanceof StoreDamaged)) throw error
    const aside = `${path}.damaged-${now.toISOString().replaceAll(':', '-')}`
    for (const suffix of ['', '-wal', '-shm']) {
      if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix)
    }
    return { store: openSqliteStore(path), replaced: { path: aside, reason: error.message } }
  }
}
