/** The keys with which a person leaves a terminal, found in what is typed. */
import { BadValue, type Reader } from '../command-line/flags.ts'

/** One key: what it sends, as it always did and as terminals do when a program asked them to tell keys apart. */
export interface Key {
  /** How people write it: `ctrl-p`. */
  readonly name: string
  /** Finds it at a place of what was typed. */
  readonly pattern: RegExp
}

export const DEFAULT_DETACH_KEYS: string = 'ctrl-\\'

const CONTROL = /^ctrl-([a-z@[\\\]^_])$/
/** Keys of the protocols that tell keys apart. Their numbers of modifiers count from 1; locks do not matter. */
const CTRL_HELD = '(?:5|69|133|197)'

/** A comma stands between keys; a key is a character, or `ctrl-` and a letter or one of `@[\]^_`. */
export const detachKeys: Reader<readonly Key[]> = (given) => given.split(',').map(readKey)

function readKey(name: string): Key {
  const [, held] = CONTROL.exec(name) ?? []
  if (held !== undefined) {
    const byte = (held.toUpperCase().charCodeAt(0) & 0x1f).toString(16).padStart(2, '0')
    const code = held.charCodeAt(0)
    const kitty = String.raw`\x1b\[${code}(?::\d*)*;${CTRL_HELD}(?::1)?u`
    const xterm = String.raw`\x1b\[27;${CTRL_HELD};${code}~`
    return { name, pattern: new RegExp(String.raw`\x${byte}|${kitty}|${xterm}`, 'y') }
  }
  if (/^[\x21-\x7e]$/.test(name)) {
    const byte = name.charCodeAt(0).toString(16)
    return { name, pattern: new RegExp(String.raw`\x${byte}`, 'y') }
  }
  throw new BadValue(String.raw`must be keys such as ctrl-\ or ctrl-p,ctrl-q`)
}

export interface KeyWatch {
  /**
   * Takes what was typed. `rest` is what is for the program: without the detach keys, and without the first of them
   * while the others may follow.
   */
  push(typed: Buffer): { readonly rest: Buffer; readonly detach: boolean }
}

/** A key's sequence that is not all there yet. A person who presses Escape sends no `[` with it. */
const UNFINISHED = new RegExp(String.raw`\x1b\[\d[\d:;]*$`)

export function watchKeys(keys: readonly Key[]): KeyWatch {
  /** Typed and not handed on: the first of the keys, and what may become the next. */
  let held = ''

  return {
    push: (typed) => {
      const text = held + typed.toString('latin1')
      let rest = ''
      let at = 0
      for (;;) {
        const found = match(text, at, keys)
        if (found.kind === 'all') return { rest: Buffer.from(rest, 'latin1'), detach: true }
        if (found.kind === 'begun' || at === text.length) break
        rest += text.charAt(at)
        at += 1
      }
      held = text.slice(at)
      return { rest: Buffer.from(rest, 'latin1'), detach: false }
    },
  }
}

type Match = { readonly kind: 'all' | 'begun' | 'none' }

/** Whether the keys stand at a place, one behind the other, or at least begin there and the text ends. */
function match(text: string, from: number, keys: readonly Key[]): Match {
  let at = from
  for (const { pattern } of keys) {
    pattern.lastIndex = at
    if (pattern.test(text)) {
      at = pattern.lastIndex
      continue
    }
    const left = text.slice(at)
    const ends = left === '' ? at > from : UNFINISHED.exec(left)?.index === 0
    return { kind: ends ? 'begun' : 'none' }
  }
  return { kind: 'all' }
}
