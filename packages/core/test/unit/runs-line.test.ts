import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseRunsLine } from '../../src/process/runs-journal.ts'

describe('a line of the runs journal', () => {
  test.each([
    [
      'start 1a2b3c4d 1 4711 9021103',
      { kind: 'start', mission: '1a2b3c4d', run: 1, pid: 4711, start: '9021103' },
    ],
    ['start 1a2b3c4d 1 4711 -', { kind: 'start', mission: '1a2b3c4d', run: 1, pid: 4711, start: null }],
    [
      'exit 1a2b3c4d 12 255 90211.53',
      { kind: 'exit', mission: '1a2b3c4d', run: 12, code: 255, uptime: 90_211_530 },
    ],
    ['exit 1a2b3c4d 1 0 -', { kind: 'exit', mission: '1a2b3c4d', run: 1, code: 0, uptime: null }],
    [
      'exit 1a2b3c4d 1 13exit 1a2b3c4d 1 137 5.00',
      { kind: 'exit', mission: '1a2b3c4d', run: 1, code: 137, uptime: 5000 },
    ],
    [
      'exit 1a2b3c4d 1 1start 5e6f7a8b 2 99 7',
      { kind: 'start', mission: '5e6f7a8b', run: 2, pid: 99, start: '7' },
    ],
    [
      'start 1a2b3c4d 1 47start 5e6f7a8b 2 99 7',
      { kind: 'start', mission: '5e6f7a8b', run: 2, pid: 99, start: '7' },
    ],
    [
      'exit 1a2b3c4d 1 0 902exit 5e6f7a8b 2 1 7.5',
      { kind: 'exit', mission: '5e6f7a8b', run: 2, code: 1, uptime: 7500 },
    ],
  ])('%s is read', (line, expected) => {
    expect(parseRunsLine(line)).toEqual(expected)
  })

  test.each([
    '',
    'exit',
    'exit 1a2b3c4d',
    'exit 1a2b3c4d 1',
    'exit 1a2b3c4d 1 13',
    'exit 1a2b3c4d 1 13 ',
    'start 1a2b3c4d 1',
    'start 1A2B3C4D 1 2 3',
    'start 1a2b3c4d 1 2',
    'exit 1a2b3c4 1 0 5',
    'exit 1a2b3c4d -1 0 5',
    '\0\0\0\0',
  ])('%j is none', (line) => {
    expect(parseRunsLine(line)).toBeNull()
  })

  test('never throws, whatever stands there', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const line = parseRunsLine(text)
        expect(line === null || line.kind === 'start' || line.kind === 'exit').toBe(true)
      }),
    )
  })

  test('is read behind any half line, and a half line alone never gives a wrong code', () => {
    const whole = fc
      .tuple(
        fc.constantFrom('1a2b3c4d', 'ffffffff'),
        fc.integer({ min: 1, max: 99 }),
        fc.integer({ min: 0, max: 255 }),
      )
      .map(([id, run, code]) => ({ text: `exit ${id} ${run} ${code} 90211.53`, id, run, code }))
    fc.assert(
      fc.property(whole, whole, fc.nat(), (first, second, cut) => {
        const half = first.text.slice(0, cut % first.text.length)
        expect(parseRunsLine(half + second.text)).toMatchObject({
          mission: second.id,
          run: second.run,
          code: second.code,
        })
        const alone = parseRunsLine(half)
        if (alone !== null)
          expect(alone).toMatchObject({ kind: 'exit', mission: first.id, run: first.run, code: first.code })
      }),
    )
  })
})
