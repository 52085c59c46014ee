/** Missions whose rows were damaged: bits that flipped in a text are nothing that SQLite sees. */
import type { DatabaseSync } from 'node:sqlite'
import { type MissionRow, recordReader, rowsOf } from './mission-rows.ts'
import { DAMAGED_MISSIONS } from './schema.ts'
import { StoreDamaged } from './store-damaged.ts'

/** A mission whose row could not be read as it was opened. */
export interface DamagedMission {
  /** As it stands there: it need not be one. */
  readonly id: string
  readonly reason: string
}

/** One mission that is damaged must not take the others with it. */
export function setAsideDamaged(database: DatabaseSync): readonly DamagedMission[] {
  const recordOf = recordReader(database)
  const seen = new Set<string>()
  const rows = rowsOf(database).map((row) => ({ row, damage: damageOf(row) }))
  const damaged = rows.flatMap(({ row, damage }): readonly DamagedMission[] =>
    damage === null ? [] : [{ id: String(row['id']), reason: damage }],
  )
  // A row that cannot be found by its key, or an index that knows of others.
  const verdict = Object.values(database.prepare('PRAGMA integrity_check(missions)').get() ?? {})[0]
  if (damaged.length === 0 && verdict === 'ok') return damaged
  writeAnew(
    database,
    rows.map(({ damage }) => damage),
  )
  return damaged

  function damageOf(row: MissionRow): string | null {
    try {
      const { id } = recordOf(row)
      if (seen.has(id)) return 'another mission has its id'
      seen.add(id)
      return null
    } catch (error) {
      if (error instanceof StoreDamaged) return error.message
      throw error
    }
  }
}

/** Writes the missions anew, one by one as they are found, and those that are damaged into a table of their own. */
function writeAnew(database: DatabaseSync, damages: readonly (string | null)[]): void {
  const found = database
    .prepare(
      `SELECT CAST(id AS BLOB) AS id, CAST(name AS BLOB) AS name, CAST(spec AS BLOB) AS spec,
         CAST(environment AS BLOB) AS environment, created_at, CAST(state AS BLOB) AS state FROM missions`,
    )
    .all()
  // What is no UTF-8 any more would be another text when it has been read.
  const texts = 'CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT)'
  database.exec(`BEGIN IMMEDIATE; ${DAMAGED_MISSIONS} DELETE FROM missions`)
  const keep = database.prepare(
    `INSERT INTO missions (id, name, spec, environment, state, created_at) VALUES (${texts}, CAST(? AS TEXT), ?)`,
  )
  const setAside = database.prepare(
    `INSERT INTO damaged_missions (id, name, spec, environment, state, created_at, reason)
       VALUES (${texts}, CAST(? AS TEXT), ?, ?)`,
  )
  for (const [index, row] of found.entries()) {
    const {
      id = null,
      name = null,
      spec = null,
      environment = null,
      state = null,
      created_at: at = null,
    } = row
    const damage = damages[index] ?? null
    if (damage === null) keep.run(id, name, spec, environment, state, at)
    else setAside.run(id, name, spec, environment, state, at, damage)
  }
  database.exec(
    `UPDATE damaged_missions SET variables = (SELECT variables FROM environments WHERE hash = environment)
       WHERE variables IS NULL;
     COMMIT`,
  )
}
