/** A store as the release wrote it that had this version of the tables, with missions of every kind in the middle of their lives. */
import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

interface WrittenStore {
  readonly user_version: number
  readonly application_id: number
  readonly sql: readonly string[]
  readonly missions: readonly {
    readonly id: string
    readonly name: string
    readonly created_at: number
    readonly spec: object
    readonly state: object
  }[]
  readonly events: readonly {
    readonly seq: number
    readonly mission: string | null
    readonly run: number | null
    readonly type: string
    readonly body: object
  }[]
}

/** Writes it to a path, and tells what is in it. */
export function writeStore(path: string, version: number): WrittenStore {
  const file = new URL(`../fixtures/store-${version}.json`, import.meta.url)
  // The file is of this repository: what it has is what it says.
  const written: WrittenStore = JSON.parse(readFileSync(file, 'utf8'))
  const database = new DatabaseSync(path)
  database.exec(
    `PRAGMA user_version = ${written.user_version}; PRAGMA application_id = ${written.application_id};`,
  )
  for (const sql of written.sql) database.exec(sql)
  database
    .prepare('INSERT INTO environments (hash, variables) VALUES (?, ?)')
    .run('e', '{"PATH":"/usr/bin:/bin"}')
  const mission = database.prepare(
    'INSERT INTO missions (id, name, spec, environment, created_at, state) VALUES (?, ?, ?, ?, ?, ?)',
  )
  for (const { id, name, spec, created_at: at, state } of written.missions)
    mission.run(id, name, JSON.stringify(spec), 'e', at, JSON.stringify(state))
  const event = database.prepare('INSERT INTO events (seq, mission, run, type, body) VALUES (?, ?, ?, ?, ?)')
  for (const { seq, mission: of, run, type, body } of written.events)
    event.run(seq, of, run, type, JSON.stringify(body))
  database.close()
  return written
}
