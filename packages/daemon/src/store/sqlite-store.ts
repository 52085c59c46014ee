import { createHash } from 'node:crypto'
import { closeSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import {
  type EventDraft,
  type JournalEvent,
  type MissionId,
  type MissionRecord,
  type MissionSpec,
  openRegular,
  OvermindError,
  seq,
  type Seq,
  type Store,
} from '@overmind/core'
import { type DamagedMission, setAsideDamaged } from './damaged-missions.ts'
import { readMissions } from './mission-rows.ts'
import { createReserve } from './reserve.ts'
import { has, parse } from './row-text.ts'
import { SQLITE_CORRUPT, SQLITE_FULL, SQLITE_NOTADB, sqliteCode } from './sqlite-error.ts'
import { APPLICATION_ID, INDEXES, SCHEMA, SCHEMA_VERSION } from './schema.ts'
import { StoreDamaged } from './store-damaged.ts'

/** Other tables in the file of the store. */
export interface Tables {
  /** A statement, compiled once for each text. */
  query(text: string): StatementSync
  /**
   * All of it or nothing, durable as a commit of the store. On a full disk it fails and leaves the reserve alone: that is for
   * ending what runs.
   *
   * @throws OvermindError `store_failed`
   */
  write(body: () => void): void
}

export interface SqliteStore extends Store {
  readonly tables: Tables
  /** Their rows are now in the table `damaged_missions`, as they were, and everything else is where it was. */
  readonly damaged: readonly DamagedMission[]
  /** Gives some of the room back to the disk that forgotten missions had, in a few milliseconds; whether there is more. */
  compact(): boolean
}

/** So many free pages of 4 KB stay in the file for what comes next. */
const SPARE_PAGES = 256
/** So many are given back at a time. */
const SLICE_PAGES = 256
/** The journal of the file itself does not stay larger than this. */
const WAL_BYTES = 16 * 1024 * 1024

/** Reading a larger file through takes longer than a start should. */
const CHECKED_BYTES = 64 * 1024 * 1024

/**
 * The durable store: one SQLite file in WAL mode with one writer. A commit survives the death of the
 * process at once; a power cut may cost the last moments and never the file.
 *
 * @throws StoreDamaged when the file cannot be trusted; OvermindError `store_failed` when it cannot be used.
 */
export function openSqliteStore(path: string): SqliteStore {
  // SQLite would make it readable to others where the umask allows; its companions take its mode.
  closeSync(openRegular(path, 'append'))
  const { database, damaged } = open(path)
  const reserve = createReserve(`${path}.reserve`)

  const sql = {
    begin: database.prepare('BEGIN IMMEDIATE'),
    commit: database.prepare('COMMIT'),
    rollback: database.prepare('ROLLBACK'),
    addEvent: database.prepare('INSERT INTO events (seq, mission, run, type, body) VALUES (?, ?, ?, ?, ?)'),
    addEnvironment: database.prepare('INSERT OR IGNORE INTO environments (hash, variables) VALUES (?, ?)'),
    addMission: database.prepare(
      'INSERT INTO missions (id, name, spec, environment, created_at, state) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    updateMission: database.prepare('UPDATE missions SET state = ? WHERE id = ?'),
    updateSpec: database.prepare('UPDATE missions SET spec = ? WHERE id = ?'),
    removeMission: database.prepare('DELETE FROM missions WHERE id = ?'),
    removeEvents: database.prepare('DELETE FROM events WHERE mission = ?'),
    thinOutput: database.prepare(
      `DELETE FROM events WHERE mission = ?1 AND type = 'run.output' AND run = ?2 AND seq <= (
         SELECT seq FROM events WHERE mission = ?1 AND type = 'run.output' AND run = ?2 ORDER BY seq DESC LIMIT 1 OFFSET ?3)`,
    ),
    removeEnvironments: database.prepare(
      'DELETE FROM environments WHERE NOT EXISTS (SELECT 1 FROM missions WHERE environment = hash)',
    ),
  }
  const queries = new Map<string, StatementSync>()
  /** The descriptions as they are in the store. */
  const specs = new Map<MissionId, MissionSpec>()
  let last = lastNumber(database)
  let first = firstNumber()

  function firstNumber(): Seq {
    const row = database.prepare('SELECT min(seq) AS first FROM events').get()
    return seq(Number(row?.['first'] ?? last + 1))
  }

  function put({ id, name, spec, env, createdAt, state }: MissionRecord): void {
    const text = JSON.stringify(state)
    const isNew = sql.updateMission.run(text, id).changes === 0
    // A description changes only when it belongs to another mission.
    if (!isNew && specs.get(id) !== spec) sql.updateSpec.run(JSON.stringify(spec), id)
    if (!isNew) return
    const variables = JSON.stringify(env)
    const hash = createHash('sha256').update(variables).digest('base64url')
    sql.addEnvironment.run(hash, variables)
    sql.addMission.run(id, name, JSON.stringify(spec), hash, createdAt, text)
  }

  function remove(ids: readonly MissionId[]): void {
    for (const id of ids) {
      sql.removeMission.run(id)
      sql.removeEvents.run(id)
    }
    sql.removeEnvironments.run()
  }

  function transaction(body: () => void): void {
    sql.begin.run()
    try {
      body()
      sql.commit.run()
    } catch (error) {
      // A full disk ends the transaction by itself.
      if (database.isTransaction) sql.rollback.run()
      throw error
    }
  }

  /** Room is set aside for a full disk, so that what is running can still be stopped and noted. */
  function write(body: () => void): void {
    try {
      transaction(body)
    } catch (error) {
      if (sqliteCode(error) !== SQLITE_FULL || !reserve.release()) throw failed(error)
      try {
        transaction(body)
      } catch (again) {
        throw failed(again)
      }
    }
  }

  function mustBeOpen(): void {
    if (!database.isOpen) throw new OvermindError('runtime_closed', 'the daemon is ending: ask the next one')
  }

  function query(text: string): StatementSync {
    let statement = queries.get(text)
    if (statement === undefined) queries.set(text, (statement = database.prepare(text)))
    return statement
  }

  return {
    commit({ events, put: records = [], remove: gone = [], thin = [] }) {
      mustBeOpen()
      const numbered = events.map((draft, index): JournalEvent => ({ ...draft, seq: seq(last + 1 + index) }))
      write(() => {
        if (gone.length > 0) remove(gone)
        for (const record of records) put(record)
        for (const event of numbered) {
          const { seq: number, ...body } = event
          const mission = 'mission' in event ? event.mission : null
          const run = 'run' in event ? event.run : null
          sql.addEvent.run(number, mission, run, event.type, JSON.stringify(body))
        }
        for (const { mission, run, keep } of thin) sql.thinOutput.run(mission, run, keep)
      })
      for (const { id, spec } of records) specs.set(id, spec)
      for (const id of gone) specs.delete(id)
      last = seq(last + numbered.length)
      if (gone.length > 0 || thin.length > 0 || first > last - numbered.length) first = firstNumber()
      return numbered
    },
    damaged,
    missions: () => {
      const records = readMissions(database)
      for (const { id, spec } of records) specs.set(id, spec)
      return records
    },
    events({ after, mission, run, stream, types, limit, newestFirst = false }) {
      mustBeOpen()
      const where = ['seq > ?']
      if (mission !== undefined) where.push(mission === null ? 'mission IS NULL' : 'mission = ?')
      if (run !== undefined) where.push('run = ?')
      // A damaged body is of no stream.
      if (stream !== undefined) where.push("CASE WHEN json_valid(body) THEN body ->> '$.stream' END = ?")
      if (types !== undefined) where.push(`type IN (${types.map(() => '?').join(', ')})`)
      const order = newestFirst ? 'DESC' : 'ASC'
      const text = `SELECT seq, body FROM events WHERE ${where.join(' AND ')} ORDER BY seq ${order} LIMIT ?`
      const values: SQLInputValue[] = [
        after,
        mission ?? undefined,
        run,
        stream,
        ...(types ?? []),
        limit,
      ].filter((value) => value !== undefined)
      return query(text)
        .all(...values)
        .flatMap((row) => readEvent(Number(row['seq']), row['body']))
    },
    last: () => last,
    first: () => first,
    close: () => {
      database.close()
    },
    compact() {
      mustBeOpen()
      const free = pragma(database, 'freelist_count')
      if (free <= SPARE_PAGES) return false
      database.exec(`PRAGMA incremental_vacuum(${Math.min(SLICE_PAGES, free - SPARE_PAGES)})`)
      const left = pragma(database, 'freelist_count')
      if (left > SPARE_PAGES && left < free) return true
      // The file itself becomes smaller when the journal is folded into it.
      database.exec('PRAGMA wal_checkpoint(PASSIVE)')
      return false
    },
    tables: {
      query,
      write(body) {
        try {
          transaction(body)
        } catch (error) {
          throw failed(error)
        }
      },
    },
  }
}

function failed(error: unknown): OvermindError {
  const full = sqliteCode(error) === SQLITE_FULL
  const why = full
    ? 'the disk is full: free some space'
    : error instanceof Error
      ? error.message
      : String(error)
  return new OvermindError(
    'store_failed',
    `the store could not be written, and nothing was changed: ${why}`,
    { cause: error },
  )
}

function open(path: string): {
  readonly database: DatabaseSync
  readonly damaged: readonly DamagedMission[]
} {
  const database = new DatabaseSync(path, { timeout: 2000 })
  try {
    // The first can only be chosen for a file that has nothing in it; what does not fit into memory would go to a file outside of the home.
    database.exec(
      `PRAGMA auto_vacuum = INCREMENTAL; PRAGMA temp_store = MEMORY; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
       PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = ${WAL_BYTES}`,
    )
    return { database, damaged: prepare(database, path) }
  } catch (error) {
    database.close()
    const code = sqliteCode(error)
    if (code === SQLITE_CORRUPT || code === SQLITE_NOTADB)
      throw new StoreDamaged(String(error), { cause: error })
    if (error instanceof StoreDamaged || error instanceof OvermindError) throw error
    throw failed(error)
  }
}

function prepare(database: DatabaseSync, path: string): readonly DamagedMission[] {
  const tables = database.prepare('SELECT count(*) AS count FROM sqlite_schema').get()
  if (tables?.['count'] === 0) {
    database.exec(`BEGIN; ${SCHEMA} ${INDEXES} COMMIT`)
    return []
  }
  if (pragma(database, 'application_id') !== APPLICATION_ID)
    throw new StoreDamaged(`${path} is not a store of Overmind`)
  const version = pragma(database, 'user_version')
  if (version > SCHEMA_VERSION) {
    throw new OvermindError(
      'store_failed',
      `the store was written by a newer Overmind (schema ${version}, this one knows ${SCHEMA_VERSION}): upgrade, or move ${path} away`,
    )
  }
  if (pragma(database, 'page_count') * pragma(database, 'page_size') <= CHECKED_BYTES) {
    const verdict = Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {})[0]
    if (verdict !== 'ok') throw new StoreDamaged(String(verdict))
  }
  addIndexes(database)
  // Damage that no check sees shows when the rows are read.
  return setAsideDamaged(database)
}

function addIndexes(database: DatabaseSync): void {
  try {
    database.exec(INDEXES)
  } catch (error) {
    // What runs is to be looked after on a full disk too: the next start makes it.
    if (sqliteCode(error) !== SQLITE_FULL) throw error
  }
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0])
}

function lastNumber(database: DatabaseSync): Seq {
  const row = database.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'events'").get()
  return seq(Number(row?.['seq'] ?? 0))
}

/** One event that is damaged must not hide the others: it is passed over. */
function readEvent(number: number, body: unknown): readonly JournalEvent[] {
  try {
    return [{ ...parse(body, isDraft), seq: seq(number) }]
  } catch (error) {
    if (error instanceof StoreDamaged) return []
    throw error
  }
}

function isDraft(value: unknown): value is EventDraft {
  return has(value, 'type', 'at')
}
