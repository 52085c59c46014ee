import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { below, depthOf, find, type Member, mineOf } from '../../src/family.ts'
import { type Limits, mustBeAdmitted } from '../../src/scene.ts'

function member(id: string, parent: string | null = null, more: Partial<Member> = {}): Member {
  return {
    id,
    name: `name-${id}`,
    parent,
    status: 'running',
    created_at: '2026-11-23T07:00:00.000Z',
    ...more,
  }
}

const family = [
  member('lead'),
  member('a', 'lead'),
  member('b', 'lead', { status: 'crashed' }),
  member('aa', 'a'),
  member('aaa', 'aa'),
  member('stranger'),
  member('theirs', 'stranger'),
]

const ids = (members: readonly Member[]): readonly string[] => members.map(({ id }) => id)

describe('a family', () => {
  test('is everything below a mission, however deep, and not the mission itself', () => {
    expect(ids(below(family, new Set(['lead'])))).toEqual(['a', 'b', 'aa', 'aaa'])
    expect(ids(below(family, new Set(['aa'])))).toEqual(['aaa'])
    expect(below(family, new Set(['aaa']))).toEqual([])
    expect(below(family, new Set(['nobody']))).toEqual([])
  })

  test('ends where it goes in a circle', () => {
    const circle = [member('a', 'b'), member('b', 'a'), member('c', 'c')]
    expect(ids(below(circle, new Set(['a'])))).toEqual(['b'])
    expect(below(circle, new Set(['c']))).toEqual([])
    expect(depthOf(circle, 'a')).toBe(2)
  })

  test('of a person without a mission is what was started for that person, and what belongs to that', () => {
    expect(ids(mineOf(family, null, new Set(['a', 'theirs'])))).toEqual(['a', 'aa', 'aaa', 'theirs'])
    expect(mineOf(family, null, new Set())).toEqual([])
    expect(ids(mineOf(family, 'a', new Set(['theirs'])))).toEqual(['aa', 'aaa'])
  })

  test('depth counts the missions above, and one that is forgotten', () => {
    expect(['lead', 'a', 'aa', 'aaa'].map((id) => depthOf(family, id))).toEqual([0, 1, 2, 3])
    expect(depthOf([member('a', 'gone')], 'a')).toBe(1)
  })

  test('what is below two missions is below one of them', () => {
    const missions = fc
      .array(fc.nat(30), { maxLength: 40 })
      .map((parents) => parents.map((parent, id) => member(String(id), parent < id ? String(parent) : null)))
    fc.assert(
      fc.property(missions, fc.nat(40), fc.nat(40), (all, a, b) => {
        const of = (...tops: readonly number[]): ReadonlySet<string> =>
          new Set(ids(below(all, new Set(tops.map(String)))))
        const tops = new Set([String(a), String(b)])
        const each = [...of(a), ...of(b)].filter((id) => !tops.has(id))
        expect(of(a, b)).toEqual(new Set(each))
      }),
    )
  })
})

describe('finding one', () => {
  test('goes by id, by name, by the beginning of an id', () => {
    expect(find(family, 'aa').id).toBe('aa')
    expect(find(family, 'name-aaa').id).toBe('aaa')
    expect(find(family, 'strang').id).toBe('stranger')
  })

  test('prefers the one that has not ended, then the newest', () => {
    const named = (id: string, more: Partial<Member>): Member => member(id, null, { name: 'same', ...more })
    const old = named('1', { status: 'stopped', created_at: '2026-01-01T00:00:00.000Z' })
    const live = named('2', { created_at: '2026-01-02T00:00:00.000Z' })
    const late = named('3', { status: 'killed', created_at: '2026-01-03T00:00:00.000Z' })
    expect(find([old, live, late], 'same')).toBe(live)
    expect(find([late, old], 'same')).toBe(late)
  })

  test('what is not there is not found, and what is ambiguous is said', () => {
    const failure = (ref: string): unknown => {
      try {
        return find(below(family, new Set(['lead'])), ref)
      } catch (error) {
        return error
      }
    }
    for (const ref of ['stranger', 'name-theirs', 'lead', 'x', '']) {
      expect(failure(ref)).toMatchObject({ code: 'not_found' })
    }
    expect(() => find([member('12'), member('13')], '1')).toThrow('begins the ids of several')
  })
})

describe('a start', () => {
  const admission =
    (self: string | null, limits: Partial<Limits>, started: readonly string[] = []): (() => void) =>
    () =>
      mustBeAdmitted(family, {
        self,
        limits: { maxChildren: 20, maxDepth: 3, ...limits },
        started: new Set(started),
      })

  test('is refused when so many below its own mission are alive; those that ended do not count', () => {
    expect(admission('lead', { maxChildren: 4 })).not.toThrow()
    expect(admission('lead', { maxChildren: 3 })).toThrow('3 missions of yours are alive, and 3 is the limit')
    expect(admission('aa', { maxChildren: 1 })).toThrow('1 missions of yours are alive')
  })

  test('is refused when it would be too deep', () => {
    expect(admission('aa', {})).not.toThrow()
    expect(admission('aaa', {})).toThrow('would be 4 deep, and 3 is the limit')
    expect(admission('a', { maxDepth: 1 })).toThrow('would be 2 deep')
  })

  test('is refused when its own mission has ended or is not known', () => {
    expect(admission('b', {})).toThrow('your own mission b has ended')
    expect(admission('nobody', {})).toThrow('is not known any more')
  })

  test('of a person counts what that person has started', () => {
    expect(admission(null, { maxChildren: 1 })).not.toThrow()
    expect(admission(null, { maxChildren: 3 }, ['a', 'b'])).toThrow('3 missions of yours are alive')
    expect(admission(null, { maxChildren: 4 }, ['a', 'b'])).not.toThrow()
  })
})
