import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { join } from 'node:path'

/** Changes the store of a home in which no daemon runs. */
export function editStore(home: string, sql: string, ...values: readonly SQLInputValue[]): void {
  const database = new DatabaseSync(join(home, 'overmind.db'))
  try {
    database.prepare(sql).run(...values)
  } finally {
    database.close()
  }
}

/** Puts another value into the recorded state of a mission, by its JSON path. */
export function editState(home: string, mission: string, path: string, value: SQLInputValue): void {
  editStore(home, 'UPDATE missions SET state = json_set(state, ?, ?) WHERE id = ?', path, value, mission)
}
