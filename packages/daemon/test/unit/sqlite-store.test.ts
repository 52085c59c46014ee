import { lstatSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type EventDraft, OvermindError, seq, type Store } from '@overmind/core'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { storeContract } from '../../../core/test/contract/store-contract.ts'
import { missionId, missionRecord, missionSpec } from '../../../core/test/fakes/records.ts'
import { eventually } from '../../../core/test/support/eventually.ts'
import { openSqliteStore, openStore } from '../../src/index.ts'
import { keepCompact } from '../../src/store/compaction.ts'
import { SCHEMA } from '../../src/store/schema.ts'
import { writeStore } from '../support/written-store.ts'

const folders: string[] = []
function freshPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ovd-store-'))
  folders.push(folder)
  return join(folder, 'overmind.db')
}
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const paths = new Map<Store, string>()
function open(path = freshPath()): Store {
  const store = openSqliteStore(path)
  paths.set(store, path)
  return store
}
function pathOf(store: Store): string {
  return paths.get(store) ?? ''
}

storeContract('the store on SQLite', () => open(), {
  reopen: (store) => {
    store.close()
    return open(pathOf(store))
  },
})

const A = missionId('aaaaaaaa')
const B = missionId('bbbbbbbb')

/** Looks at the file as it is, beside the store. */
function query(path: string, sql: string): readonly Record<string, unknown>[] {
  const database = new DatabaseSync(path)
  try {
    return database.prepare(sql).all()
  } finally {
    database.close()
  }
}

describe('the store on SQLite', () => {
  test('keeps an environment once, however many missions have it, and forgets it with the last', () => {
    const store = open()
    const env = { SECRET: 's' }
    store.commit({ events: [], put: [missionRecord({ id: A, env }), missionRecord({ id: B, env })] })
    expect(query(pathOf(store), 'SELECT count(*) AS n FROM environments')).toEqual([{ n: 1 }])
    store.commit({ events: [], remove: [A] })
    expect(store.missions().map(({ env: kept }) => kept)).toEqual([env])
    store.commit({ events: [], remove: [B] })
    expect(query(pathOf(store), 'SELECT count(*) AS n FROM environments')).toEqual([{ n: 0 }])
    store.close()
  })

  test('never gives a number twice, also when the newest events are forgotten and it is opened again', () => {
    let store = open()
    store.commit({ events: [{ type: 'mission.removed', mission: A, at: 1, parent: null }] })
    store.commit({ events: [{ type: 'run.starting', mission: B, at: 2, run: 1 }] })
    store.commit({ events: [], remove: [A, B] })
    expect([store.last(), store.first()]).toEqual([2, 3])
    store.close()
    store = open(pathOf(store))
    expect([store.last(), store.first()]).toEqual([2, 3])
    expect(store.commit({ events: [{ type: 'runtime.stopped', at: 3 }] })).toMatchObject([{ seq: 3 }])
    store.close()
  })

  test('writes all of a change or nothing', () => {
    const store = open()
    const before = store.commit({ events: [{ type: 'runtime.stopped', at: 1 }] })
    expect(() =>
      // The second mission cannot be written: it has no moment at which it came.
      store.commit({
        events: [{ type: 'runtime.stopped', at: 2 }],
        put: [missionRecord({ id: A }), { ...missionRecord({ id: B }), createdAt: Number.NaN }],
      }),
    ).toThrow(OvermindError)
    expect(store.missions()).toEqual([])
    expect(store.events({ after: seq(0), limit: 10 })).toEqual(before)
    expect(store.last()).toBe(1)
    expect(store.commit({ events: [{ type: 'runtime.stopped', at: 3 }] })).toMatchObject([{ seq: 2 }])
    store.close()
  })

  test('refuses what a full file cannot take, whole, and goes on when there is room', () => {
    const path = freshPath()
    open(path).close()
    const limit = new DatabaseSync(path)
    const pages = Number(limit.prepare('PRAGMA page_count').get()?.['page_count'])
    limit.close()
    // The limit belongs to a connection, so it is set on the one that the store opens.
    const watched = vi.spyOn(DatabaseSync.prototype, 'prepare')
    const store = open(path)
    const limited = watched.mock.contexts.find((context) => context instanceof DatabaseSync)
    watched.mockRestore()
    limited?.exec(`PRAGMA max_page_count = ${pages + 4}`)
    const big = missionRecord({ id: A, env: { PAD: 'x'.repeat(100_000) } })
    for (let attempt = 0; attempt < 3; attempt += 1) {
      expect(() => store.commit({ events: [{ type: 'runtime.stopped', at: 1 }], put: [big] })).toThrow(
        expect.objectContaining({ code: 'store_failed', message: expect.stringContaining('full') }),
      )
      expect([store.last(), store.missions()]).toEqual([0, []])
    }
    expect(store.commit({ events: [{ type: 'runtime.stopped', at: 2 }] })).toMatchObject([{ seq: 1 }])
    limited?.exec('PRAGMA max_page_count = 1000000')
    expect(store.commit({ events: [], put: [big] })).toEqual([])
    expect(store.missions()).toEqual([big])
    store.close()
  })

  test.each([
    ['a mission without an id', 'x', `UPDATE missions SET id = 'x' WHERE id = 'aaaaaaaa'`],
    [
      'an id that is no text any more',
      'aaa\uFFFDaaaa',
      `UPDATE missions SET id = CAST(x'616161ff61616161' AS TEXT) WHERE id = 'aaaaaaaa'`,
    ],
    ['a state that is nothing', A, `UPDATE missions SET state = 'null' WHERE id = 'aaaaaaaa'`],
    [
      'a field whose name has another letter',
      A,
      `UPDATE missions SET spec = replace(spec, '"labels"', '"lacels"') WHERE id = 'aaaaaaaa'`,
    ],
    [
      'a phase that there is none of',
      A,
      `UPDATE missions SET state = json_set(state, '$.phase', 'running.uq') WHERE id = 'aaaaaaaa'`,
    ],
    [
      'a description that is cut off',
      A,
      `UPDATE missions SET spec = substr(spec, 1, 20) WHERE id = 'aaaaaaaa'`,
    ],
    [
      'an environment that is cut off',
      A,
      `UPDATE environments SET variables = '{"A"' WHERE variables LIKE '%"b"%'`,
    ],
    ['a mission whose environment is gone', A, `DELETE FROM environments WHERE variables LIKE '%"b"%'`],
  ])('sets aside %s, as it is, and keeps everything else', (_, id, sql) => {
    const store = open()
    const path = pathOf(store)
    const other = missionRecord({ id: B, env: { A: 'c' } })
    store.commit({
      events: [{ type: 'runtime.stopped', at: 1 }],
      put: [missionRecord({ id: A, env: { A: 'b' } }), other],
    })
    store.close()
    const edit = new DatabaseSync(path)
    edit.exec(sql)
    const found = edit
      .prepare('SELECT name, spec, state, CAST(id AS BLOB) AS id FROM missions WHERE id <> ?')
      .get(B)
    edit.close()
    for (const damaged of [[{ id, reason: expect.any(String) }], []]) {
      const mended = openSqliteStore(path)
      expect(mended.damaged).toEqual(damaged)
      expect(mended.missions()).toEqual([other])
      expect(mended.events({ after: seq(0), limit: 10 })).toHaveLength(1)
      mended.close()
    }
    const kept = query(
      path,
      'SELECT name, spec, state, CAST(id AS BLOB) AS id, variables FROM damaged_missions',
    )
    expect(kept).toEqual([{ ...found, variables: kept[0]?.['variables'] }])
    expect(kept[0]?.['variables'] ?? '{"A"').toContain('{"A"')
  })

  test('a bit that flips anywhere hides no mission that it is not of', () => {
    const store = open()
    const path = pathOf(store)
    const C = missionId('cccccccc')
    const records = [A, B, C].map((id) =>
      missionRecord({ id, env: { A: id }, spec: missionSpec({ labels: { of: id } }) }),
    )
    store.commit({ events: [{ type: 'runtime.stopped', at: 1 }], put: records })
    store.close()
    const bytes = readFileSync(path)
    const places = [
      ...Buffer.from(bytes)
        .toString('latin1')
        .matchAll(/aaaaaaaa/g),
    ]
    // In the table, its key, its index, and the environments.
    expect(places.length).toBeGreaterThan(3)
    for (const { index } of places.flatMap(({ index }) => [0, 3, 7].map((by) => ({ index: index + by })))) {
      const damaged = Buffer.from(bytes)
      damaged[index] = (damaged[index] ?? 0) ^ 1
      const other = freshPath()
      writeFileSync(other, damaged)
      const mended = openSqliteStore(other)
      const known = mended.missions()
      expect([index, known.length + mended.damaged.length]).toEqual([index, 3])
      expect(known).toEqual(expect.arrayContaining(records.slice(1)))
      // What was mended stays so, and can be changed.
      mended.commit({ events: [], remove: known.map(({ id }) => id) })
      expect(mended.missions()).toEqual([])
      mended.close()
      openSqliteStore(other).close()
    }
  })

  test('sets aside what is of another kind than it should be', () => {
    const store = open()
    const path = pathOf(store)
    store.commit({ events: [], put: [missionRecord({ id: A }), missionRecord({ id: B })] })
    store.close()
    const loose = freshPath()
    const edit = new DatabaseSync(loose)
    // What a flipped bit in the head of a row does to what stands behind it.
    edit.exec(SCHEMA.replace('state TEXT NOT NULL', 'state ANY'))
    edit.exec(`ATTACH '${path}' AS strict; INSERT INTO environments SELECT * FROM strict.environments`)
    edit.exec('INSERT INTO missions SELECT * FROM strict.missions')
    edit.exec(`UPDATE missions SET state = CAST(state AS BLOB), created_at = 0 WHERE id = 'aaaaaaaa'`)
    edit.close()
    const mended = openSqliteStore(loose)
    expect(mended.damaged).toMatchObject([{ id: A }])
    expect(mended.missions()).toMatchObject([{ id: B }])
    mended.close()
  })

  // When this fails, the shape of what is stored has changed: raise `SCHEMA_VERSION`, bring what earlier versions wrote up to it,
  // and keep this file beside a new one.
  test('reads what version 1 has written', () => {
    const path = freshPath()
    const written = writeStore(path, 1)
    const store = openSqliteStore(path)
    expect(store.damaged).toEqual([])
    const told = store.missions().map(({ id, name, spec, state }) => ({ id, name, spec, state }))
    expect(new Map(told.map((mission) => [mission.id, mission]))).toEqual(
      new Map(written.missions.map(({ id, name, spec, state }) => [id, { id, name, spec, state }])),
    )
    expect(store.events({ after: seq(0), limit: 1000 })).toEqual(
      written.events.map(({ seq: number, body }) => ({ ...body, seq: number })),
    )
    store.close()
  })

  test.each([
    ['a run', "mission = 'aaaaaaaa' AND run = 7", 'events_by_run (mission=? AND run=? AND type=?'],
    ['the runtime', 'mission IS NULL', 'events_of_runtime (type=?'],
  ])(
    'finds what %s has had by an index, also where it was written before there was one',
    (_, whose, index) => {
      const path = freshPath()
      writeStore(path, 1)
      for (const at of [path, freshPath()]) {
        const store = openSqliteStore(at)
        const plan = store.tables
          .query(
            `EXPLAIN QUERY PLAN SELECT seq, body FROM events
             WHERE seq > 0 AND ${whose} AND type IN ('run.output') ORDER BY seq DESC`,
          )
          .all()
        expect(plan).toEqual([expect.objectContaining({ detail: expect.stringContaining(index) })])
        store.close()
      }
    },
  )

  test('has a reserve of its own, also where there was a link to a file of others', () => {
    const path = freshPath()
    const other = `${path}.other`
    writeFileSync(other, 'of others')
    symlinkSync(other, `${path}.reserve`)
    const before = process.umask(0)
    try {
      open(path).close()
    } finally {
      process.umask(before)
    }
    expect(readFileSync(other, 'utf8')).toBe('of others')
    const reserve = lstatSync(`${path}.reserve`)
    expect([reserve.isFile(), reserve.size, reserve.mode & 0o777]).toEqual([true, 2 ** 20, 0o600])
  })

  test('keeps what does not fit into a page in memory, and not in a file outside of its folder', () => {
    const store = openSqliteStore(freshPath())
    expect(store.tables.query('PRAGMA temp_store').get()).toEqual({ temp_store: 2 })
    store.close()
  })

  test('that is no SQLite file is set aside, and a second time under another name', () => {
    const path = freshPath()
    for (const [index, day] of ['2026-01-01', '2026-01-02'].entries()) {
      writeFileSync(path, `garbage ${index}`.repeat(1000))
      rmSync(`${path}-wal`, { force: true })
      const { store, replaced } = openStore(path, new Date(day))
      expect(replaced?.path).toContain(day)
      store.close()
    }
  })

  test('finds events by mission, run and type, oldest or newest first, in numbers as large as asked for', () => {
    const store = open()
    for (let run = 1; run <= 3; run += 1) {
      for (const mission of [A, B]) {
        store.commit({
          events: [
            { type: 'run.starting', mission, run, at: run },
            { type: 'run.started', mission, run, at: run, pid: run },
          ],
        })
      }
    }
    const numbers = (events: ReturnType<Store['events']>): number[] => events.map(({ seq: number }) => number)
    expect(numbers(store.events({ after: seq(0), mission: B, limit: 10 }))).toEqual([3, 4, 7, 8, 11, 12])
    expect(numbers(store.events({ after: seq(4), mission: B, types: ['run.started'], limit: 1 }))).toEqual([
      8,
    ])
    expect(numbers(store.events({ after: seq(0), mission: A, run: 2, limit: 10 }))).toEqual([5, 6])
    expect(numbers(store.events({ after: seq(0), newestFirst: true, limit: 2 }))).toEqual([12, 11])
    expect(numbers(store.events({ after: seq(0), types: [], limit: 2 }))).toEqual([])
    store.close()
  })
})

/** A store in which one mission is left of many that wrote much. */
function storeWithRoom(path = freshPath()): {
  readonly store: ReturnType<typeof openSqliteStore>
  readonly full: number
} {
  const store = openSqliteStore(path)
  const gone = Array.from({ length: 30 }, (_, index) => missionId((0xb0000000 + index).toString(16)))
  for (const id of [A, ...gone]) {
    const event: EventDraft = { type: 'run.untrimmed', mission: id, run: 1, reason: 'r'.repeat(1000), at: 1 }
    store.commit({ events: Array.from({ length: 300 }, () => event), put: [missionRecord({ id, name: id })] })
  }
  query(path, 'PRAGMA wal_checkpoint(TRUNCATE)')
  const full = statSync(path).size
  store.commit({ events: [], remove: gone })
  return { store, full }
}

test('what missions had that are forgotten is given back to the disk in slices, and nothing else is lost', () => {
  const path = freshPath()
  const { store, full } = storeWithRoom(path)
  let slices = 1
  while (store.compact()) slices += 1
  expect(slices).toBeGreaterThan(3)
  expect(statSync(path).size).toBeLessThan(full / 4)
  expect(store.compact()).toBe(false)
  expect(store.events({ after: seq(0), limit: 1000 })).toHaveLength(300)
  expect(store.missions().map(({ id }) => id)).toEqual([A])
  store.close()
  expect(query(path, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
})

test('a store is made smaller beside all else, and what goes wrong with that is told and tried again', async () => {
  const path = freshPath()
  const { store, full } = storeWithRoom(path)
  const faults: unknown[] = []
  const compact = vi.fn<() => boolean>(store.compact).mockImplementationOnce(() => {
    throw new Error('the disk is full')
  })
  const end = keepCompact({ compact }, { everyMs: 5, onFault: (error) => faults.push(error) })
  await eventually(() => statSync(path).size < full / 4)
  end()
  expect(faults).toEqual([new Error('the disk is full')])
  store.close()
})

test('a store that is closed says so to those that ask late', () => {
  const store = open()
  store.close()
  const code = { code: 'runtime_closed' }
  expect(() => store.events({ after: seq(0), limit: 1 })).toThrow(expect.objectContaining(code))
  expect(() => store.commit({ events: [{ type: 'runtime.stopped', at: 0 }] })).toThrow(
    expect.objectContaining(code),
  )
})
