/** Missions as the store keeps them: a row each, and each environment once. */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { type Environment, isMissionId, type MissionId, type MissionRecord } from '@overmind/core'
import { isSpec, isState } from './row-shapes.ts'
import { has, parse } from './row-text.ts'
import { StoreDamaged } from './store-damaged.ts'

export type MissionRow = Readonly<Record<string, SQLOutputValue>>

/** From the table itself, in the order of its keys: what an index says may be wrong. */
export function rowsOf(database: DatabaseSync): readonly MissionRow[] {
  return database.prepare('SELECT id, name, spec, environment, created_at, state FROM missions').all()
}

/** Makes missions of rows: those with one environment share it. */
export function recordReader(database: DatabaseSync): (row: MissionRow) => MissionRecord {
  const texts = new Map(
    database
      .prepare('SELECT hash, variables FROM environments')
      .all()
      .map(({ hash, variables }) => [hash, variables]),
  )
  const environments = new Map<unknown, Environment>()
  return (row) => {
    const hash = row['environment'] ?? null
    const env = environments.get(hash) ?? parse(texts.get(hash), isEnvironment)
    environments.set(hash, env)
    const { name, created_at: createdAt } = row
    if (typeof name !== 'string' || typeof createdAt !== 'number')
      throw new StoreDamaged('a row is not what it should be')
    return {
      id: parseId(row['id']),
      name,
      spec: parse(row['spec'], isSpec),
      env,
      createdAt,
      state: parse(row['state'], isState),
    }
  }
}

export function readMissions(database: DatabaseSync): readonly MissionRecord[] {
  return rowsOf(database)
    .map(recordReader(database))
    .toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
}

function parseId(value: unknown): MissionId {
  const id = String(value)
  if (!isMissionId(id)) throw new StoreDamaged('a mission has no id')
  return id
}

function isEnvironment(value: unknown): value is Environment {
  return has(value)
}
