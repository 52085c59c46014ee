import { StringDecoder } from 'node:string_decoder'
import { HIDDEN } from '@overmind/core/text'

/**
 * What missions print is not trusted with the terminal: a sequence of control characters can move the cursor,
 * rename the window, answer in the place of the keyboard, or show a text that is not there.
 */

const ESC = '\x1b'

const UNSAFE = new RegExp(String.raw`[\p{Cc}${HIDDEN}]`, 'gu')
/** The same in output, where tabs, line ends and colours are let through. */
const UNSAFE_IN_OUTPUT = new RegExp(String.raw`${ESC}\[[0-9;:]*m|\r\n|[[\p{Cc}--[\t\n]]${HIDDEN}]`, 'gv')
/** What may be the beginning of a colour or of a line end, at the end of a part. */
const UNFINISHED = new RegExp(`(?:${ESC}(?:\\[[0-9;:]{0,40})?|\\r)$`)

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\r': '\\r' }

/** A text on one line, every control character shown as what it is. */
export function inert(text: string): string {
  return text.replace(UNSAFE, (character) => SHORT[character] ?? shown(character))
}

/** JSON that says the same, without a character in it that is obeyed or hidden: JSON itself lets half of the controls stand. */
export function inertJson(json: string): string {
  return json.replace(UNSAFE, escaped)
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
    .map((code) => `\\u${code.toString(16).padStart(4, '0')}`)
    .join('')
}

/** `^[` for escape, as `cat -v` shows it; numbers where there is no such form. */
function shown(character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (code < 0x20) return `^${String.fromCharCode(code + 0x40)}`
  if (code === 0x7f) return '^?'
  return code < 0x100 ? `\\x${code.toString(16)}` : `\\u${code.toString(16)}`
}

/** Makes a stream of bytes safe to show: lines, tabs and colours stay, the rest is shown as what it is. */
export interface InertStream {
  push(bytes: Uint8Array): string
  /** What was held back, and an end to the colours. */
  end(): string
}

export function inertStream(): InertStream {
  const decoder = new StringDecoder('utf8')
  let held = ''
  let coloured = false

  function clean(text: string): string {
    return text.replace(UNSAFE_IN_OUTPUT, (found) => {
      if (found === '\r\n') return '\n'
      if (found.length === 1 || !found.startsWith(ESC)) return shown(found)
      coloured = true
      return found
    })
  }
  return {
    push: (bytes) => {
      const text = held + decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
      held = UNFINISHED.exec(text)?.[0] ?? ''
      return clean(text.slice(0, text.length - held.length))
    },
    end: () => {
      const rest = clean(held + decoder.end())
      return coloured ? `${rest}\x1b[0m` : rest
    },
  }
}
