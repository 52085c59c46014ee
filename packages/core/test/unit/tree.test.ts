import { describe, expect, test } from 'vitest'
import type { Marker, ProcessEntry } from '../../src/process/process-table.ts'
import { type Family, type Member, membersOf, type Snapshot } from '../../src/process/tree.ts'
import { missionId } from '../fakes/records.ts'

const A = missionId('aaaaaaaa')
const B = missionId('bbbbbbbb')
const HOME = '/home'
const KEEPER = 100

interface Sketch {
  readonly pid: number
  readonly parent?: number
  readonly group?: number
  readonly session?: number | null
  readonly start?: string
  readonly marker?: Marker
}

const of = (mission: typeof A, run = 1, home = HOME): Marker => ({ kind: 'mission', mission, run, home })

function look(
  sketches: readonly Sketch[],
  family: Partial<Family> = {},
): Record<number, 'in group' | 'stray'> {
  const entries = sketches.map(
    ({ pid, parent = 1, group = pid, session = group, start = String(pid) }): ProcessEntry => ({
      pid,
      parent,
      group,
      session,
      start,
    }),
  )
  const snapshot: Snapshot = {
    boot: 'boot',
    entries,
    marker: (pid) => sketches.find((sketch) => sketch.pid === pid)?.marker ?? null,
  }
  const members: readonly Member[] = membersOf(
    {
      mission: A,
      run: 1,
      home: HOME,
      leader: { pid: KEEPER, start: String(KEEPER), boot: 'boot' },
      ...family,
    },
    snapshot,
  )
  return Object.fromEntries(members.map(({ pid, stray }) => [pid, stray ? 'stray' : 'in group']))
}

const keeper: Sketch = { pid: KEEPER, marker: of(A) }
const inGroup = (pid: number, over: Partial<Sketch> = {}): Sketch => ({
  pid,
  parent: KEEPER,
  group: KEEPER,
  ...over,
})

describe('the tree of a run', () => {
  test('is its keeper and what carries its marks, in or out of the group', () => {
    expect(
      look([keeper, inGroup(101, { marker: of(A) }), { pid: 102, marker: of(A) }, { pid: 103 }]),
    ).toEqual({
      100: 'in group',
      101: 'in group',
      102: 'stray',
    })
  })

  test("holds everything in the keeper's session while it lives, marked or not", () => {
    expect(look([keeper, inGroup(101), { pid: 102, group: 102, session: KEEPER }])).toEqual({
      100: 'in group',
      101: 'in group',
      102: 'stray',
    })
  })

  test('holds the session while the keeper is gone as long as one in it carries the marks', () => {
    expect(look([inGroup(101, { parent: 1 }), inGroup(102, { parent: 1, marker: of(A) })])).toEqual({
      101: 'in group',
      102: 'in group',
    })
  })

  test('does not hold a session by its number alone: the number was given out again', () => {
    const stranger: Sketch = { pid: KEEPER, start: 'later' }
    expect(look([stranger, inGroup(101)])).toEqual({})
    expect(look([stranger, inGroup(101, { marker: of(B) })])).toEqual({})
  })

  test('of another boot holds nothing by number', () => {
    expect(
      look(
        [keeper, inGroup(101)].map(({ marker: _, ...rest }) => rest),
        { leader: { pid: KEEPER, start: String(KEEPER), boot: 'other' } },
      ),
    ).toEqual({})
  })

  test('holds descendants that cleared their environment and left the session', () => {
    expect(
      look([
        keeper,
        inGroup(101),
        { pid: 102, parent: 101 },
        { pid: 103, parent: 102 },
        { pid: 104, parent: 103 },
      ]),
    ).toEqual({
      100: 'in group',
      101: 'in group',
      102: 'stray',
      103: 'stray',
      104: 'stray',
    })
  })

  test('holds descendants in whatever order they are listed', () => {
    expect(
      Object.keys(look([{ pid: 90, parent: 95 }, { pid: 95, parent: 101 }, inGroup(101), keeper])),
    ).toEqual(['90', '95', '100', '101'])
  })

  test('holds no mission that it started, and not what that one started', () => {
    expect(
      look([
        keeper,
        inGroup(101, { marker: of(A) }),
        { pid: 200, parent: 101, marker: of(B) },
        { pid: 201, parent: 200, marker: of(B) },
      ]),
    ).toEqual({ 100: 'in group', 101: 'in group' })
  })

  test('holds no other run, and none of another home', () => {
    expect(
      look([
        { pid: 101, marker: of(A, 2) },
        { pid: 102, marker: of(A, 1, '/other') },
        { pid: 103, marker: of(A) },
      ]),
    ).toEqual({ 103: 'stray' })
  })

  test('holds no supervisor that was started from within it', () => {
    expect(
      look([
        keeper,
        inGroup(101),
        { pid: 102, parent: 101, marker: { kind: 'supervisor' } },
        { pid: 103, parent: 102, marker: of(B) },
      ]),
    ).toEqual({
      100: 'in group',
      101: 'in group',
    })
  })

  test('is found by marks alone when the keeper was never on record', () => {
    expect(look([keeper, inGroup(101, { marker: of(A) }), { pid: 102 }], { leader: null })).toEqual({
      100: 'stray',
      101: 'stray',
    })
  })

  test('goes by the process group where the system tells no session', () => {
    expect(
      look([{ ...keeper, session: null }, inGroup(101, { session: null }), { pid: 102, session: null }]),
    ).toEqual({
      100: 'in group',
      101: 'in group',
    })
  })

  test('is empty when nothing lives', () => {
    expect(look([])).toEqual({})
    expect(look([{ pid: 1, parent: 0 }, { pid: 2 }])).toEqual({})
  })
})
