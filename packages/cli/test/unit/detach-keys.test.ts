import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { detachKeys, watchKeys } from '../../src/attach/detach-keys.ts'

/** What comes of typing these pieces. */
function typed(keys: string, ...pieces: string[]): { rest: string; detach: boolean } {
  const watch = watchKeys(detachKeys(keys))
  let rest = ''
  for (const piece of pieces) {
    const found = watch.push(Buffer.from(piece, 'latin1'))
    rest += found.rest.toString('latin1')
    if (found.detach) return { rest, detach: true }
  }
  return { rest, detach: false }
}

describe('one key', () => {
  test.each([
    ['as a byte', 'ab\x1ccd', 'ab'],
    ['as kitty sends it', 'ab\x1b[92;5ucd', 'ab'],
    ['with a lock on', '\x1b[92;69u', ''],
    ['with the kind of event', '\x1b[92;5:1u', ''],
    ['as xterm sends it', '\x1b[27;5;92~', ''],
  ])('%s', (_, text, rest) => {
    expect(typed(String.raw`ctrl-\ `.trim(), text)).toEqual({ rest, detach: true })
  })

  test.each([
    ['another key', '\x1b[91;5u'],
    ['without ctrl', '\x1b[92;1u'],
    ['its release', '\x1b[92;5:3u'],
    ['Escape', '\x1b'],
    ['an arrow', '\x1b[A'],
  ])('%s is none', (_, text) => {
    expect(typed(String.raw`ctrl-\ `.trim(), text)).toEqual({ rest: text, detach: false })
  })

  test('a sequence may come in pieces', () => {
    expect(typed(String.raw`ctrl-\ `.trim(), 'a\x1b[9', '2;5', 'u')).toEqual({ rest: 'a', detach: true })
    expect(typed(String.raw`ctrl-\ `.trim(), 'a\x1b[9', '1;5u')).toEqual({
      rest: 'a\x1b[91;5u',
      detach: false,
    })
  })
})

describe('several keys', () => {
  test('detach only together', () => {
    expect(typed('ctrl-p,ctrl-q', 'a\x10', 'b\x10\x11c')).toEqual({ rest: 'a\x10b', detach: true })
    expect(typed('ctrl-p,ctrl-q', '\x11\x10')).toEqual({ rest: '\x11', detach: false })
  })

  test('the beginning of them twice is once for the program', () => {
    expect(typed('ctrl-p,ctrl-q', '\x10\x10\x11')).toEqual({ rest: '\x10', detach: true })
    expect(typed('ctrl-p,ctrl-p,d', '\x10\x10\x10', 'd')).toEqual({ rest: '\x10', detach: true })
  })

  test('characters may be among them', () => {
    expect(typed('~,.', 'x~y~.')).toEqual({ rest: 'x~y', detach: true })
  })
})

test('nothing that is typed is lost or changed, wherever it is cut', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', '\x10', '\x1b', '[', '1', '12', ';5', 'u', '~', '\x1b[112;5u'),
  })
  fc.assert(
    fc.property(fc.array(text), (pieces) => {
      const all = pieces.join('')
      const whole = typed('ctrl-p,ctrl-q', `${all}.`)
      const cut = typed('ctrl-p,ctrl-q', ...pieces, '.')
      expect(cut).toEqual(whole)
      if (!whole.detach) expect(whole.rest).toBe(`${all}.`)
    }),
  )
})

test.each(['', 'ctrl-', 'ctrl-1', 'ctrl-p,', 'alt-x', 'ctrl-pq'])('%j are no keys', (text) => {
  expect(() => detachKeys(text)).toThrow('must be keys')
})
