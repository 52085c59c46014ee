/**
 * What is on its way, in the store: how far each hook has read in the journal, and a row for each event that has not arrived. A row
 * goes when its event has arrived, so that whatever dies, nothing that is owed is forgotten.
 */
import type { SQLOutputValue } from 'node:sqlite'
import { seq, type Seq } from '@overmind/core'
import type { Tables } from '../store/sqlite-store.ts'
import { type Delivery, deliveryId } from './delivery.ts'

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS hooks (
    name TEXT PRIMARY KEY,
    cursor INTEGER NOT NULL,
    delivered INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    failed_at REAL
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS hook_deliveries (
    hook TEXT NOT NULL,
    seq INTEGER NOT NULL,
    type TEXT NOT NULL,
    mission TEXT,
    mission_name TEXT,
    body TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at REAL NOT NULL,
    error TEXT,
    dead_at REAL,
    PRIMARY KEY (hook, seq)
  ) STRICT`,
  'CREATE INDEX IF NOT EXISTS hook_deliveries_due ON hook_deliveries (hook, due_at, seq) WHERE dead_at IS NULL',
  'CREATE INDEX IF NOT EXISTS hook_deliveries_dead ON hook_deliveries (hook, dead_at) WHERE dead_at IS NOT NULL',
]

/** So many dead deliveries of a hook are kept, the newest. */
export const MOST_DEAD = 1000

export interface WaitingDelivery extends Delivery {
  readonly seq: Seq
  /** Tries that were begun. */
  readonly attempts: number
}

export interface DeadDelivery {
  readonly hook: string
  readonly seq: Seq
  readonly type: string
  readonly mission: string | null
  readonly attempts: number
  readonly error: string
  readonly deadAt: number
}

export interface HookCounts {
  readonly delivered: number
  readonly waiting: number
  readonly dead: number
  readonly failure: { readonly error: string; readonly at: number } | null
}

export interface DueOptions {
  readonly now: number
  /** Under way. */
  readonly except: Iterable<Seq>
  readonly limit: number
}

/** Everything that changes something throws `store_failed` when it cannot, and then nothing is changed. */
export interface Deliveries {
  /**
   * From now on these are the hooks: one that is new begins behind `present`, and what waits for one that is none any more is
   * dropped; how many that were, by hook.
   */
  settle(hooks: readonly string[], present: Seq): ReadonlyMap<string, number>
  /** Up to where a hook has read. */
  cursor(hook: string): Seq
  /** It has read up to here, where there was this for it, or nothing. In one step. */
  advance(hook: string, step: { readonly to: Seq; readonly delivery: Delivery | null }): void
  /** What is to be tried now, that which waits the longest first. */
  due(hook: string, options: DueOptions): readonly WaitingDelivery[]
  /** When something else is to be tried. */
  nextDue(hook: string, except: Iterable<Seq>): number | undefined
  /** All that waits for this hook is to be tried now. */
  hasten(hook: string, now: number): void
  /** A try is about to begin. */
  begin(delivery: WaitingDelivery): void
  undo(delivery: WaitingDelivery): void
  done(delivery: WaitingDelivery): void
  putOff(delivery: WaitingDelivery, failure: Failure & { readonly until: number }): void
  /** It will not be tried again; how many older dead ones had to go for it. */
  bury(delivery: WaitingDelivery, failure: Failure): number
  counts(): ReadonlyMap<string, HookCounts>
  /** The newest first. */
  dead(hook: string | undefined): readonly DeadDelivery[]
  /** Dead ones of these hooks wait again; how many. */
  revive(hooks: readonly string[], now: number): number
  /** How many dead ones are forgotten. */
  drop(hook: string | undefined): number
}

interface Failure {
  readonly error: string
  readonly at: number
}

export function openDeliveries({ query, write }: Tables): Deliveries {
  write(() => {
    for (const statement of SCHEMA) query(statement).run()
  })

  function fail(
    { hook, seq }: WaitingDelivery,
    { error, at }: Failure,
    { field, moment }: { readonly field: 'due_at' | 'dead_at'; readonly moment: number },
  ): void {
    query(`UPDATE hook_deliveries SET error = ?, ${field} = ? WHERE hook = ? AND seq = ?`).run(
      error,
      moment,
      hook,
      seq,
    )
    query('UPDATE hooks SET error = ?, failed_at = ? WHERE name = ?').run(error, at, hook)
  }

  const names = (): readonly string[] =>
    query('SELECT name FROM hooks')
      .all()
      .map((row) => String(row['name']))

  return {
    settle(hooks, present) {
      const dropped = new Map<string, number>()
      write(() => {
        for (const gone of names().filter((name) => !hooks.includes(name))) {
          query('DELETE FROM hooks WHERE name = ?').run(gone)
          const waiting = query('DELETE FROM hook_deliveries WHERE hook = ? AND dead_at IS NULL').run(gone)
          dropped.set(gone, Number(waiting.changes))
        }
        for (const name of hooks) {
          query('INSERT INTO hooks (name, cursor) VALUES (?, ?) ON CONFLICT DO NOTHING').run(name, present)
        }
      })
      return dropped
    },
    cursor: (hook) =>
      seq(Number(query('SELECT cursor FROM hooks WHERE name = ?').get(hook)?.['cursor'] ?? 0)),
    advance(hook, { to, delivery }) {
      write(() => {
        query('UPDATE hooks SET cursor = ? WHERE name = ?').run(to, hook)
        if (delivery === null) return
        const { type, mission, body } = delivery
        query(
          'INSERT INTO hook_deliveries (hook, seq, type, mission, mission_name, body, due_at) VALUES (?, ?, ?, ?, ?, ?, 0)',
        ).run(hook, to, type, mission?.id ?? null, mission?.name ?? null, body)
      })
    },
    due(hook, { now, except, limit }) {
      return query(
        `SELECT * FROM hook_deliveries WHERE hook = ? AND dead_at IS NULL AND due_at <= ?
          AND seq NOT IN (SELECT value FROM json_each(?)) ORDER BY due_at, seq LIMIT ?`,
      )
        .all(hook, now, json(except), limit)
        .map((row) => waitingOf(hook, row))
    },
    nextDue(hook, except) {
      const found = query(
        `SELECT due_at FROM hook_deliveries WHERE hook = ? AND dead_at IS NULL
          AND seq NOT IN (SELECT value FROM json_each(?)) ORDER BY due_at LIMIT 1`,
      ).get(hook, json(except))
      return found === undefined ? undefined : Number(found['due_at'])
    },
    hasten: (hook, now) =>
      write(() => {
        query(
          'UPDATE hook_deliveries SET due_at = ?2 WHERE hook = ?1 AND dead_at IS NULL AND due_at > ?2',
        ).run(hook, now)
      }),
    begin: ({ hook, seq }) =>
      write(() => {
        query('UPDATE hook_deliveries SET attempts = attempts + 1 WHERE hook = ? AND seq = ?').run(hook, seq)
      }),
    undo: ({ hook, seq }) =>
      write(() => {
        query('UPDATE hook_deliveries SET attempts = attempts - 1 WHERE hook = ? AND seq = ?').run(hook, seq)
      }),
    done: ({ hook, seq }) =>
      write(() => {
        query('DELETE FROM hook_deliveries WHERE hook = ? AND seq = ?').run(hook, seq)
        query('UPDATE hooks SET delivered = delivered + 1 WHERE name = ?').run(hook)
      }),
    putOff: (delivery, failure) =>
      write(() => fail(delivery, failure, { field: 'due_at', moment: failure.until })),
    bury(delivery, failure) {
      let dropped = 0
      write(() => {
        fail(delivery, failure, { field: 'dead_at', moment: failure.at })
        const { changes } = query(
          `DELETE FROM hook_deliveries WHERE hook = ?1 AND seq IN (SELECT seq FROM hook_deliveries
            WHERE hook = ?1 AND dead_at IS NOT NULL ORDER BY dead_at DESC, seq DESC LIMIT -1 OFFSET ?2)`,
        ).run(delivery.hook, MOST_DEAD)
        dropped = Number(changes)
      })
      return dropped
    },
    counts() {
      const rows = query(
        `SELECT name, delivered, error, failed_at,
          (SELECT count(*) FROM hook_deliveries WHERE hook = name AND dead_at IS NULL) AS waiting,
          (SELECT count(*) FROM hook_deliveries WHERE hook = name AND dead_at IS NOT NULL) AS dead
          FROM (SELECT name, delivered, error, failed_at FROM hooks UNION ALL
            SELECT hook, 0, NULL, NULL FROM hook_deliveries WHERE hook NOT IN (SELECT name FROM hooks) GROUP BY hook)`,
      ).all()
      return new Map(rows.map((row) => [String(row['name']), countsOf(row)]))
    },
    dead: (hook) =>
      query(
        `SELECT hook, seq, type, mission, attempts, error, dead_at FROM hook_deliveries
          WHERE dead_at IS NOT NULL AND (?1 IS NULL OR hook = ?1) ORDER BY dead_at DESC, hook, seq DESC`,
      )
        .all(hook ?? null)
        .map(deadOf),
    revive(hooks, now) {
      let revived = 0
      write(() => {
        for (const hook of hooks) {
          const { changes } = query(
            'UPDATE hook_deliveries SET dead_at = NULL, attempts = 0, due_at = ? WHERE hook = ? AND dead_at IS NOT NULL',
          ).run(now, hook)
          revived += Number(changes)
        }
      })
      return revived
    },
    drop(hook) {
      let dropped = 0
      write(() => {
        const { changes } = query(
          'DELETE FROM hook_deliveries WHERE dead_at IS NOT NULL AND (?1 IS NULL OR hook = ?1)',
        ).run(hook ?? null)
        dropped = Number(changes)
      })
      return dropped
    },
  }
}

type Row = Readonly<Record<string, SQLOutputValue>>

const json = (numbers: Iterable<Seq>): string => JSON.stringify([...numbers])

function textOrNull(value: SQLOutputValue | undefined): string | null {
  return value === null || value === undefined ? null : String(value)
}

function waitingOf(hook: string, row: Row): WaitingDelivery {
  const mission = textOrNull(row['mission'])
  const number = seq(Number(row['seq']))
  return {
    id: deliveryId(hook, number),
    hook,
    seq: number,
    type: String(row['type']),
    mission: mission === null ? null : { id: mission, name: textOrNull(row['mission_name']) },
    body: String(row['body']),
    attempts: Number(row['attempts']),
  }
}

function deadOf(row: Row): DeadDelivery {
  return {
    hook: String(row['hook']),
    seq: seq(Number(row['seq'])),
    type: String(row['type']),
    mission: textOrNull(row['mission']),
    attempts: Number(row['attempts']),
    error: String(row['error']),
    deadAt: Number(row['dead_at']),
  }
}

function countsOf(row: Row): HookCounts {
  const error = textOrNull(row['error'])
  return {
    delivered: Number(row['delivered']),
    waiting: Number(row['waiting']),
    dead: Number(row['dead']),
    failure: error === null ? null : { error, at: Number(row['failed_at']) },
  }
}
