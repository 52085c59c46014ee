/**
 * What missions write and are called is not trusted: it is read by an agent, and shown to people by whatever runs the
 * agent. Lines and tabs stay; what moves a cursor goes; what is left of controls, and what hides or reorders text, is
 * shown as what it is.
 */
import { HIDDEN } from '@overmind/core/text'

const ESC = String.raw`\x1b`
/** Colours, cursor movements, titles and links of terminals: noise to an agent. */
const SEQUENCE = String.raw`${ESC}\[[0-9;:<=>?]*[ -\/]*[@-~]|${ESC}\][^\x07\x1b\n]*(?:\x07|${ESC}\\)`
/** Controls but for newline and tab, and what nobody sees. */
const UNSAFE = String.raw`[[\p{Cc}--[\t\n]]${HIDDEN}]`
const FOUND = new RegExp(String.raw`${SEQUENCE}|\r\n|${UNSAFE}`, 'gv')

/** The text, with nothing in it that is obeyed or hidden. */
export function inertText(text: string): string {
  return text.toWellFormed().replace(FOUND, (found) => {
    if (found === '\r\n') return '\n'
    return found.length > 2 ? '' : shown(found.codePointAt(0) ?? 0)
  })
}

function shown(code: number): string {
  return code < 0x100
    ? String.raw`\x${code.toString(16).padStart(2, '0')}`
    : String.raw`\u{${code.toString(16)}}`
}

/** The same for every text in a value. */
export function inert(value: unknown): unknown {
  if (typeof value === 'string') return inertText(value)
  if (Array.isArray(value)) return value.map(inert)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [inertText(name), inert(inner)]))
}

export interface Part {
  readonly text: string
  /** Whether something was left out. */
  readonly truncated: boolean
}

/** The last lines of an output that was written in UTF-8, as people would say. */
export function lastLines(
  bytes: Uint8Array,
  limits: { readonly lines: number; readonly bytes: number },
): Part {
  const whole = inertText(new TextDecoder().decode(bytes))
  const lines = whole.split(/(?<=\n)/)
  const wanted = lines.slice(-limits.lines).join('')
  const text = endOf(wanted, limits.bytes)
  return { text, truncated: text.length < whole.length }
}

/** The beginning of a text, cut between characters. */
export function beginningOf(text: string, mostBytes: number): Part {
  const clean = inertText(text)
  const bytes = Buffer.from(clean)
  if (bytes.length <= mostBytes) return { text: clean, truncated: false }
  let end = mostBytes
  while (end > 0 && isInside(bytes[end])) end -= 1
  return { text: bytes.subarray(0, end).toString('utf8'), truncated: true }
}

function endOf(text: string, mostBytes: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= mostBytes) return text
  return fromCharacter(bytes.subarray(bytes.length - mostBytes)).toString('utf8')
}

/** The bytes from the first on that begins a character: a cut may have been inside of one. */
export function fromCharacter(bytes: Buffer): Buffer {
  let begin = 0
  while (begin < bytes.length && isInside(bytes[begin])) begin += 1
  return bytes.subarray(begin)
}

/** Whether a byte goes on with a character that an earlier one began. */
function isInside(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80
}
