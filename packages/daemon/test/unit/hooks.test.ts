import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { seq } from '@overmind/core'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { fitsEvent, isOfMissions, PATTERNS } from '../../src/config/event-pattern.ts'
import { afterTry, LONGEST_WAIT_MS, ofAnswer, type Outcome } from '../../src/hooks/decide.ts'
import { type Deliveries, MOST_DEAD, openDeliveries } from '../../src/hooks/deliveries.ts'
import { type Delivery, deliveryId } from '../../src/hooks/delivery.ts'
import { showTarget } from '../../src/hooks/hook-views.ts'
import { createPace } from '../../src/hooks/pace.ts'
import { reveal, signature } from '../../src/hooks/secret.ts'
import { openSqliteStore } from '../../src/index.ts'

describe('which events a pattern means', () => {
  test.each([
    ['mission.exited', 'mission.exited', true],
    ['mission.exited', 'mission.created', false],
    ['mission.*', 'mission.exited', true],
    ['mission.*', 'missions.exited', false],
    ['run.*', 'runtime.started', false],
  ])('%s and %s: %s', (pattern, type, fits) => {
    expect(fitsEvent(pattern, type)).toBe(fits)
  })

  test('a type means itself and is among its beginning', () => {
    for (const type of PATTERNS.filter((each) => !each.endsWith('.*'))) {
      expect(PATTERNS.filter((pattern) => fitsEvent(pattern, type)).toSorted()).toEqual(
        [type, type.replace(/\..*/, '.*')].toSorted(),
      )
    }
  })

  test('what is of the runtime is of no mission, and of a team only its restarts are', () => {
    expect(['mission.*', 'ask.opened', 'team.*'].filter(isOfMissions)).toHaveLength(3)
    expect(['runtime.*', 'store.replaced', 'team.started'].filter(isOfMissions)).toEqual([])
  })
})

describe('what follows from a try', () => {
  const failed: Outcome = { kind: 'failed', reason: 'no' }
  const circumstances = { attempts: 1, retries: 5, now: 1000, random: () => 0 }

  test('waits double from a second', () => {
    const waits = [1, 2, 3, 4, 5].map((attempts) => {
      const step = afterTry(failed, { ...circumstances, attempts })
      return step.kind === 'again' ? step.at - circumstances.now : null
    })
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000])
    expect(afterTry(failed, { ...circumstances, attempts: 6 })).toEqual({ kind: 'dead', reason: 'no' })
  })

  test('a final failure is not tried again, and what was interrupted did not happen', () => {
    expect(afterTry({ ...failed, final: true }, circumstances)).toEqual({ kind: 'dead', reason: 'no' })
    expect(afterTry({ kind: 'interrupted' }, circumstances)).toEqual({ kind: 'undo' })
    expect(afterTry({ kind: 'delivered' }, { ...circumstances, attempts: 99 })).toEqual({ kind: 'done' })
  })

  test('however it goes, it ends: in a bounded number of tries, none later than may be, none earlier than asked', () => {
    fc.assert(
      fc.property(
        fc.nat(100),
        fc.array(fc.record({ retryAfterMs: fc.nat(10_000_000), final: fc.boolean() }), {
          minLength: 101,
          maxLength: 101,
        }),
        fc.float({ min: 0, max: Math.fround(0.999), noNaN: true }),
        (retries, failures, chance) => {
          let now = 0
          for (const [index, { retryAfterMs, final }] of failures.entries()) {
            const outcome: Outcome = { kind: 'failed', reason: 'no', retryAfterMs, final }
            const step = afterTry(outcome, { attempts: index + 1, retries, now, random: () => chance })
            if (step.kind === 'dead') {
              expect(final || index === retries).toBe(true)
              return
            }
            if (step.kind !== 'again') throw new Error(`a failure became ${step.kind}`)
            const wait = step.at - now
            expect(wait).toBeGreaterThanOrEqual(Math.min(retryAfterMs, LONGEST_WAIT_MS))
            expect(wait).toBeGreaterThanOrEqual(Math.min(750 * 2 ** index, LONGEST_WAIT_MS * 0.75))
            expect(wait).toBeLessThanOrEqual(LONGEST_WAIT_MS)
            now = step.at
          }
          throw new Error('it never ended')
        },
      ),
    )
  })
})

describe('what an answer means', () => {
  test.each([200, 202, 204, 299])('%i has arrived', (status) => {
    expect(ofAnswer(status, undefined, 0)).toEqual({ kind: 'delivered' })
  })
  test.each([300, 302, 399, 408, 425, 429, 500, 502, 503])('%i may pass', (status) => {
    expect(ofAnswer(status, undefined, 0)).toMatchObject({ kind: 'failed', final: false })
  })
  test.each([400, 401, 403, 404, 410, 422])('%i is final', (status) => {
    expect(ofAnswer(status, undefined, 0)).toMatchObject({ kind: 'failed', final: true })
  })
  test.each([
    [undefined, 0],
    ['7', 7000],
    ['0', 0],
    ['Thu, 01 Jan 1970 00:01:40 GMT', 40_000],
    ['Thu, 01 Jan 1970 00:00:01 GMT', 0],
    ['soon', 0],
    ['-5', 0],
    ['9'.repeat(400), 0],
  ])('Retry-After: %s', (header, retryAfterMs) => {
    expect(ofAnswer(429, header, 60_000)).toMatchObject({ retryAfterMs })
  })
  test('is told in words of our own', () => {
    expect(ofAnswer(302, undefined, 0)).toMatchObject({
      reason: 'answered 302 Found: redirects are not followed',
    })
    expect(ofAnswer(599, undefined, 0)).toMatchObject({ reason: 'answered 599' })
  })
})

test('an address is shown without its path, which is often the key to it', () => {
  const url = { kind: 'url', headers: {}, secret: { text: 's' } } as const
  expect(showTarget({ ...url, url: 'https://hooks.example.org/T1/B2/key' })).toBe(
    'https://hooks.example.org/…',
  )
  expect(showTarget({ ...url, url: 'http://localhost:8080' })).toBe('http://localhost:8080')
  expect(showTarget({ ...url, url: 'http://localhost/?key=1' })).toBe('http://localhost/…')
  expect(showTarget({ kind: 'command', argv: ['say', 'a b'] })).toBe("say 'a b'")
})

test('programs are started one after the other, with rests, and none waits for the end of another', async () => {
  const pace = createPace()
  const busy = (): number => {
    const until = performance.now() + 10
    while (performance.now() < until);
    return performance.now()
  }
  const never = new Promise<never>(() => {})
  let first = Infinity
  void pace(() => {
    first = busy()
    return never
  })
  await expect(pace(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  const second = performance.now()
  expect(second - first).toBeGreaterThan(35)
  expect(await pace(() => Promise.resolve('third'))).toBe('third')
})

describe('a secret', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ovd-secret-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  test('is looked up for each try, without the end of the last line of its file', async () => {
    const file = join(folder, 'secret')
    writeFileSync(file, 'one\n')
    expect(await reveal({ file }, 'secret')).toBe('one')
    writeFileSync(file, 'two\r\n')
    expect(await reveal({ file }, 'secret')).toBe('two')
    vi.stubEnv('OVD_WORD', 'three')
    expect(await reveal({ env: 'OVD_WORD' }, 'secret')).toBe('three')
    vi.unstubAllEnvs()
    expect(await reveal({ text: 'four\n' }, 'secret')).toBe('four\n')
  })

  test('that is not there is told of by its place, and a pipe holds nobody up', async () => {
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    await expect(reveal({ file: pipe }, 'secret')).rejects.toThrow(
      `secret: the file ${pipe} cannot be read (it is not a file)`,
    )
    await expect(reveal({ file: join(folder, 'none') }, 'headers.A')).rejects.toThrow(
      /^headers\.A: .* cannot be read \(ENOENT\)$/,
    )
    await expect(reveal({ env: 'OVD_NO_WORD' }, 'secret')).rejects.toThrow('OVD_NO_WORD is not set')
  })
})

test('a signature is the HMAC that everybody else makes', () => {
  // RFC 4231, test case 2.
  expect(signature('what do ya want for nothing?', 'Jefe')).toBe(
    'sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  )
})

describe('deliveries in the store', () => {
  let folder = ''
  let deliveries: Deliveries
  const path = (): string => join(folder, 'overmind.db')
  const open = (): Deliveries => openDeliveries(openSqliteStore(path()).tables)
  const of = (hook: string, number: number): Delivery => ({
    id: deliveryId(hook, number),
    hook,
    type: 'mission.exited',
    mission: { id: 'aaaaaaaa', name: 'm' },
    body: `{"n":${number}}`,
  })
  const due = (hook: string, now = 0, except: number[] = []): number[] =>
    deliveries.due(hook, { now, except: except.map(seq), limit: 100 }).map(({ seq: number }) => number)
  const one = (hook: string, number: number): ReturnType<Deliveries['due']>[number] => {
    const found = deliveries
      .due(hook, { now: Infinity, except: [], limit: 1000 })
      .find((each) => each.seq === number)
    if (found === undefined) throw new Error(`nothing waits as ${number}`)
    return found
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ovd-hooks-'))
    deliveries = open()
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  test('a new hook begins at the present, and one that was there goes on where it was', () => {
    deliveries.settle(['a'], seq(5))
    deliveries.advance('a', { to: seq(7), delivery: null })
    deliveries.settle(['a', 'b'], seq(9))
    expect([deliveries.cursor('a'), deliveries.cursor('b')]).toEqual([7, 9])
    expect(open().cursor('a')).toBe(7)
  })

  test('what waits for a hook that is gone is dropped and counted, what is dead is kept', () => {
    deliveries.settle(['a', 'b'], seq(0))
    for (const number of [1, 2, 3]) deliveries.advance('a', { to: seq(number), delivery: of('a', number) })
    deliveries.bury(one('a', 2), { error: 'no', at: 1 })
    expect([...deliveries.settle(['b'], seq(9))]).toEqual([['a', 2]])
    expect(deliveries.counts().get('a')).toMatchObject({ waiting: 0, dead: 1, failure: null })
    expect(deliveries.settle(['b'], seq(9)).size).toBe(0)
    expect(deliveries.drop('a')).toBe(1)
    expect(deliveries.counts().has('a')).toBe(false)
    deliveries.settle(['a', 'b'], seq(9))
    expect(deliveries.cursor('a')).toBe(9)
  })

  test('place and delivery are written together or not at all', () => {
    deliveries.settle(['a'], seq(0))
    deliveries.advance('a', { to: seq(1), delivery: of('a', 1) })
    // The same number twice cannot be.
    expect(() => deliveries.advance('a', { to: seq(1), delivery: of('a', 1) })).toThrow(
      expect.objectContaining({ code: 'store_failed' }),
    )
    expect(() =>
      deliveries.advance('a', { to: seq(2), delivery: { ...of('a', 2), body: undefined as never } }),
    ).toThrow('store')
    expect(deliveries.cursor('a')).toBe(1)
    expect(due('a')).toEqual([1])
  })

  test('what is due comes in the order of its time, without what is under way', () => {
    deliveries.settle(['a', 'b'], seq(0))
    for (const number of [1, 2, 3, 4]) deliveries.advance('a', { to: seq(number), delivery: of('a', number) })
    deliveries.advance('b', { to: seq(4), delivery: of('b', 4) })
    deliveries.putOff(one('a', 1), { until: 500, error: 'no', at: 1 })
    expect(due('a', 499)).toEqual([2, 3, 4])
    expect(due('a', 500, [3])).toEqual([2, 4, 1])
    expect(deliveries.nextDue('a', [2, 3, 4].map(seq))).toBe(500)
    expect(deliveries.nextDue('a', [1, 2, 3, 4].map(seq))).toBeUndefined()
    deliveries.hasten('a', 100)
    expect(due('a', 100)).toContain(1)
    expect(deliveries.due('a', { now: 1, except: [], limit: 2 })).toHaveLength(2)
  })

  test('tries are counted when they begin, and survive whoever counts', () => {
    deliveries.settle(['a'], seq(0))
    deliveries.advance('a', { to: seq(1), delivery: of('a', 1) })
    deliveries.begin(one('a', 1))
    deliveries = open()
    expect(one('a', 1)).toEqual({ ...of('a', 1), seq: 1, attempts: 1 })
    deliveries.begin(one('a', 1))
    deliveries.undo(one('a', 1))
    expect(one('a', 1).attempts).toBe(1)
    deliveries.done(one('a', 1))
    expect(deliveries.counts().get('a')).toEqual({ delivered: 1, waiting: 0, dead: 0, failure: null })
  })

  test('of the dead so many are kept, the newest; they wait again when they are asked to', () => {
    deliveries.settle(['a', 'b'], seq(0))
    let dropped = 0
    for (let number = 1; number <= MOST_DEAD + 3; number += 1) {
      deliveries.advance('a', { to: seq(number), delivery: of('a', number) })
      dropped += deliveries.bury(
        { ...of('a', number), seq: seq(number), attempts: 0 },
        { error: 'no', at: number },
      )
    }
    expect(dropped).toBe(3)
    expect(deliveries.dead('a')).toHaveLength(MOST_DEAD)
    expect(deliveries.dead(undefined)[0]).toEqual({
      hook: 'a',
      seq: MOST_DEAD + 3,
      type: 'mission.exited',
      mission: 'aaaaaaaa',
      attempts: 0,
      error: 'no',
      deadAt: MOST_DEAD + 3,
    })
    expect(deliveries.dead('a').at(-1)?.seq).toBe(4)
    expect(deliveries.revive(['b'], 5)).toBe(0)
    expect(deliveries.revive(['a', 'b'], 5)).toBe(MOST_DEAD)
    expect([due('a', 4), due('a', 5).length]).toEqual([[], 100])
  })

  test('what waits again has all its tries before it', () => {
    deliveries.settle(['a'], seq(0))
    deliveries.advance('a', { to: seq(1), delivery: of('a', 1) })
    deliveries.begin(one('a', 1))
    deliveries.bury(one('a', 1), { error: 'no', at: 1 })
    deliveries.revive(['a'], 2)
    expect(one('a', 1).attempts).toBe(0)
  })

  test('a look at a long queue reads no more than it gives', () => {
    const plan = (text: string, ...values: (string | number)[]): string => {
      const database = new DatabaseSync(path())
      const rows = database.prepare(`EXPLAIN QUERY PLAN ${text}`).all(...values)
      database.close()
      return rows.map(({ detail }) => String(detail)).join('\n')
    }
    const asked: string[] = []
    const watched = vi.spyOn(DatabaseSync.prototype, 'prepare').mockImplementation(function (
      this: DatabaseSync,
      text: string,
    ) {
      asked.push(text)
      watched.mockRestore()
      return this.prepare(text)
    })
    due('a')
    const looked = plan(asked[0] ?? '', 'a', 0, '[]', 4)
    expect(looked).toContain('USING INDEX hook_deliveries_due (hook=? AND due_at<?)')
    expect(looked).not.toContain('TEMP B-TREE')
  })

  test('on a full disk nothing is written, and the reserve stays for what runs', () => {
    const limit = new DatabaseSync(path())
    const pages = Number(limit.prepare('PRAGMA page_count').get()?.['page_count'])
    limit.close()
    const watched = vi.spyOn(DatabaseSync.prototype, 'prepare')
    deliveries = open()
    const limited = watched.mock.contexts.find((context) => context instanceof DatabaseSync)
    watched.mockRestore()
    deliveries.settle(['a'], seq(0))
    limited?.exec(`PRAGMA max_page_count = ${pages + 2}`)
    const large = { ...of('a', 1), body: 'x'.repeat(100_000) }
    expect(() => deliveries.advance('a', { to: seq(1), delivery: large })).toThrow(
      expect.objectContaining({ code: 'store_failed', message: expect.stringContaining('full') }),
    )
    expect([deliveries.cursor('a'), due('a')]).toEqual([0, []])
    expect(statSync(`${path()}.reserve`).size).toBe(1024 * 1024)
    limited?.exec('PRAGMA max_page_count = 1000000')
    deliveries.advance('a', { to: seq(1), delivery: large })
    expect(due('a')).toEqual([1])
  })
})
