import { describe, expect, test } from 'vitest'
import { type Named, resolveMission } from '../../src/runtime/resolve.ts'
import { missionId } from '../fakes/records.ts'

const named = (id: string, name: string, live = true, createdAt = 0): Named => ({
  id: missionId(id),
  name,
  live,
  createdAt,
})

function resolve(reference: string, all: readonly Named[]): string {
  return resolveMission(reference, new Map<string, Named>(all.map((one) => [one.id, one])), all).id
}

describe('a reference', () => {
  const web = named('aaaa0001', 'web')
  const all = [web, named('aaaa0002', 'db'), named('bbbb0001', 'aaaa')]

  test('is an id, a name, or the beginning of one id', () => {
    expect(resolve('aaaa0002', all)).toBe('aaaa0002')
    expect(resolve('web', all)).toBe('aaaa0001')
    expect(resolve('b', all)).toBe('bbbb0001')
  })

  test('is a name before it is the beginning of an id', () => {
    expect(resolve('aaaa', all)).toBe('bbbb0001')
  })

  test('is an id before it is a name', () => {
    expect(resolve('aaaa0001', [...all, named('cccc0001', 'aaaa0001')])).toBe('aaaa0001')
  })

  test('means the living mission of a name, else the newest', () => {
    const old = named('00000001', 'web', false, 1)
    const living = named('00000002', 'web', true, 2)
    const newest = named('00000003', 'web', false, 3)
    for (const order of [
      [old, living, newest],
      [newest, living, old],
      [living, newest, old],
    ]) {
      expect(resolve('web', order)).toBe('00000002')
      expect(
        resolve(
          'web',
          order.filter((one) => one !== living),
        ),
      ).toBe('00000003')
    }
  })

  test.each(['', 'x', 'WEB', 'aaaa00011', '\0'])('that means nothing is an error: %j', (reference) => {
    expect(() => resolve(reference, all)).toThrow(
      expect.objectContaining({ code: 'not_found', value: reference }),
    )
  })

  test('that means several is an error that lists some', () => {
    const many = Array.from({ length: 9 }, (_, index) => named(`dddd000${index}`, `name-${index}`))
    expect(() => resolve('dddd', many)).toThrow(
      expect.objectContaining({
        code: 'ambiguous_id',
        message: expect.stringMatching(/dddd0000 \(name-0\).* and 5 more$/),
      }),
    )
  })
})
