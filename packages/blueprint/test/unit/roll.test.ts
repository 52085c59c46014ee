import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Copy, roll } from '../../src/pipeline/roll.ts'

const of = (copies: Readonly<Record<string, Copy>>, max = 1): readonly string[] =>
  roll(new Map(Object.entries(copies)), max).replace

test.each<[Readonly<Record<string, Copy>>, number, readonly string[]]>([
  [{ a: 'old', b: 'old', c: 'old' }, 1, ['a']],
  [{ a: 'old', b: 'old', c: 'old' }, 2, ['a', 'b']],
  [{ a: 'coming', b: 'old', c: 'old' }, 1, []],
  [{ a: 'new', b: 'old', c: 'old' }, 1, ['b']],
  [{ a: 'new', b: 'coming', c: 'old' }, 2, ['c']],
  [{ a: 'absent', b: 'old' }, 1, []],
  [{ a: 'old-unknown', b: 'old' }, 1, []],
  [{ a: 'old-useless', b: 'old' }, 1, ['a']],
  [{ a: 'old-useless', b: 'old-useless', c: 'old' }, 3, ['a', 'b', 'c']],
  [{ a: 'new', b: 'new' }, 1, []],
  [{}, 1, []],
])('of %j, with %i out of use, %j', (copies, max, expected) => {
  expect(of(copies, max)).toEqual(expected)
})

test('a new copy that failed stops it, whatever else there is', () => {
  const copies = new Map<string, Copy>([
    ['a', 'failed'],
    ['b', 'old-useless'],
    ['c', 'old'],
  ])
  expect(roll(copies, 3)).toEqual({ replace: [], failed: ['a'] })
})

const isOfUse = (copy: Copy): boolean => copy === 'old' || copy === 'new'
const many = (copies: ReadonlyMap<string, Copy>): number => [...copies.values()].filter(isOfUse).length

const fleets = fc.array(
  fc.constantFrom<Copy>('old', 'old', 'old', 'old-unknown', 'old-useless', 'absent', 'new', 'coming'),
  {
    minLength: 1,
    maxLength: 8,
  },
)

test('whatever happens to the copies, it takes none of use away that would be missing, and ends with all of them new', () => {
  fc.assert(
    fc.property(
      fleets,
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.record({ at: fc.nat(), what: fc.constantFrom('breaks', 'mends') }), { maxLength: 20 }),
      (first, max, events) => {
        const copies = new Map(first.map((copy, at) => [`c${at}`, copy]))
        const size = copies.size
        for (let turn = 0; turn < 200; turn += 1) {
          const before = many(copies)
          const { replace } = roll(copies, max)
          expect(new Set(replace).size).toBe(replace.length)
          for (const name of replace) {
            expect(copies.get(name)).toMatch(/^old/)
            copies.set(name, 'coming')
          }
          expect(many(copies)).toBeGreaterThanOrEqual(Math.min(before, size - max))
          expect(copies.size).toBe(size)
          if ([...copies.values()].every((copy) => copy === 'new')) return
          const event = events[turn]
          if (event !== undefined) happen(copies, event)
          // What can be known becomes known, and one that is new becomes of use.
          else settle(copies, turn)
        }
        throw new Error(`it does not end: ${[...copies.values()].join()}`)
      },
    ),
    { numRuns: 1000 },
  )
})

/** Something that nobody asked for. */
function happen(
  copies: Map<string, Copy>,
  { at, what }: { readonly at: number; readonly what: string },
): void {
  const name = `c${at % copies.size}`
  const copy = copies.get(name)
  if (what === 'breaks' && copy === 'old') copies.set(name, 'old-useless')
  if (what === 'breaks' && copy === 'new') copies.set(name, 'coming')
  if (what === 'mends' && copy === 'old-useless') copies.set(name, 'old')
}

function settle(copies: Map<string, Copy>, turn: number): void {
  const open = [...copies].filter(([, copy]) => ['old-unknown', 'absent', 'coming'].includes(copy))
  const [name, copy] = open[turn % Math.max(1, open.length)] ?? []
  if (name === undefined) return
  copies.set(name, copy === 'coming' ? 'new' : copy === 'absent' ? 'coming' : 'old')
}

test('as long as one has failed nothing is replaced, and with that one mended it goes on', () => {
  fc.assert(
    fc.property(fleets, fc.nat(), fc.integer({ min: 1, max: 4 }), (first, at, max) => {
      const copies = new Map(first.map((copy, index) => [`c${index}`, copy]))
      copies.set(`c${at % copies.size}`, 'failed')
      expect(roll(copies, max).replace).toEqual([])
    }),
  )
})
