/**
 * What is said between the keeper of a terminal and the clients attached to it, over a Unix socket. Each message is a
 * frame: one letter, the length of the payload in four bytes, the payload. Bytes of the terminal travel as they are,
 * all else as JSON. The keeper speaks first, with `welcome`; the client answers with `hello` to be attached, or with
 * `detach`.
 *
 * This file depends on nothing, because clients need it too.
 */

/** A client and a keeper of different numbers do not understand each other. */
export const TERMINAL_PROTOCOL = 1

/** `control`: types, and sets the size. `watch`: sees. */
export type AttachMode = 'control' | 'watch'

export interface Size {
  readonly columns: number
  readonly rows: number
}

export interface Attached {
  readonly control: number
  readonly watch: number
}

export interface Welcome extends Size {
  readonly version: number
  readonly mission: string
  readonly name: string
  readonly run: number
}

export interface Hello extends Partial<Size> {
  readonly version: number
  readonly mode: AttachMode
}

export type ClientMessage =
  | { readonly type: 'hello'; readonly hello: Hello }
  | { readonly type: 'input'; readonly bytes: Uint8Array }
  | { readonly type: 'resize'; readonly size: Size }
  /** The screen is to be sent again. */
  | { readonly type: 'refresh' }
  /** Everyone is to be detached. */
  | { readonly type: 'detach' }

export type ServerMessage =
  | { readonly type: 'welcome'; readonly welcome: Welcome }
  /** What brings a cleared screen of the size to the state of this one; ends between two sequences. */
  | { readonly type: 'redraw'; readonly bytes: Uint8Array }
  | { readonly type: 'output'; readonly bytes: Uint8Array }
  | { readonly type: 'size'; readonly size: Size }
  | { readonly type: 'attached'; readonly attached: Attached }
  /** The program ended: nothing follows. */
  | { readonly type: 'exit'; readonly code: number }
  /** Somebody asked for it: nothing follows. */
  | { readonly type: 'detached' }
  /** The keeper refuses: nothing follows. */
  | { readonly type: 'refused'; readonly reason: string }

type Type = ClientMessage['type'] | ServerMessage['type']

const LETTERS = {
  hello: 'h',
  input: 'i',
  resize: 'r',
  refresh: 'f',
  detach: 'd',
  welcome: 'w',
  redraw: 's',
  output: 'o',
  size: 'z',
  attached: 'a',
  exit: 'x',
  detached: 'q',
  refused: 'e',
} as const satisfies Record<Type, string>

const HEADER = 5

/** A redraw is the largest message: a screen of 1000 × 1000 cells in which each has its own colours. Bytes. */
const LARGEST_FROM_SERVER = 64 * 2 ** 20
const LARGEST_FROM_CLIENT = 2 ** 20

/** The largest number of columns or rows. */
export const LARGEST_SIDE = 1000

/** What came over the socket is none of the messages above. */
export class MalformedFrame extends Error {
  override readonly name = 'MalformedFrame'
}

export function encodeMessage(message: ClientMessage | ServerMessage): Uint8Array {
  const payload = payloadOf(message)
  const frame = new Uint8Array(HEADER + payload.length)
  frame[0] = LETTERS[message.type].charCodeAt(0)
  new DataView(frame.buffer).setUint32(1, payload.length)
  frame.set(payload, HEADER)
  return frame
}

function payloadOf(message: ClientMessage | ServerMessage): Uint8Array {
  switch (message.type) {
    case 'input':
    case 'output':
    case 'redraw':
      return message.bytes
    case 'hello':
      return json(message.hello)
    case 'welcome':
      return json(message.welcome)
    case 'resize':
    case 'size':
      return json(message.size)
    case 'attached':
      return json(message.attached)
    case 'exit':
      return json({ code: message.code })
    case 'refused':
      return json({ reason: message.reason })
    case 'refresh':
    case 'detach':
    case 'detached':
      return new Uint8Array(0)
  }
}

function json(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}

/** Takes the pieces in which a socket gives the bytes, and gives the whole messages among them. */
export interface Decoder<Message> {
  /** @throws MalformedFrame when the other side does not speak this protocol; then nothing more can be understood. */
  push(piece: Uint8Array): Message[]
}

export function clientMessages(): Decoder<ClientMessage> {
  return decoder(LARGEST_FROM_CLIENT, readClientMessage)
}

export function serverMessages(): Decoder<ServerMessage> {
  return decoder(LARGEST_FROM_SERVER, readServerMessage)
}

function decoder<Message>(
  largest: number,
  read: (letter: string, payload: Uint8Array) => Message | undefined,
): Decoder<Message> {
  let held: Uint8Array[] = []
  let length = 0
  /** Bytes of the frame that is coming; known when its header is there. */
  let wanted = HEADER

  function whole(): Uint8Array {
    const bytes = new Uint8Array(length)
    let at = 0
    for (const piece of held) {
      bytes.set(piece, at)
      at += piece.length
    }
    return bytes
  }

  return {
    push: (piece) => {
      held.push(piece)
      length += piece.length
      const messages: Message[] = []
      if (length < wanted) return messages
      let bytes = whole()
      for (;;) {
        wanted = HEADER
        if (bytes.length >= HEADER) {
          const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1)
          if (size > largest) throw new MalformedFrame(`a message of ${size} bytes is too long`)
          wanted = HEADER + size
        }
        if (bytes.length < wanted) break
        const letter = String.fromCharCode(bytes[0] ?? 0)
        const message = read(letter, bytes.subarray(HEADER, wanted))
        if (message === undefined)
          throw new MalformedFrame(`there is no such message: ${JSON.stringify(letter)}`)
        messages.push(message)
        bytes = bytes.subarray(wanted)
      }
      held = [bytes]
      length = bytes.length
      return messages
    },
  }
}

function readClientMessage(letter: string, payload: Uint8Array): ClientMessage | undefined {
  switch (letter) {
    case LETTERS.input:
      return { type: 'input', bytes: payload }
    case LETTERS.refresh:
      return { type: 'refresh' }
    case LETTERS.detach:
      return { type: 'detach' }
    case LETTERS.resize: {
      const value = parse(payload)
      return isSize(value) ? { type: 'resize', size: value } : undefined
    }
    case LETTERS.hello: {
      const value = parse(payload)
      return isHello(value) ? { type: 'hello', hello: value } : undefined
    }
    default:
      return undefined
  }
}

function readServerMessage(letter: string, payload: Uint8Array): ServerMessage | undefined {
  switch (letter) {
    case LETTERS.output:
      return { type: 'output', bytes: payload }
    case LETTERS.redraw:
      return { type: 'redraw', bytes: payload }
    case LETTERS.detached:
      return { type: 'detached' }
    case LETTERS.size: {
      const value = parse(payload)
      return isSize(value) ? { type: 'size', size: value } : undefined
    }
    case LETTERS.welcome: {
      const value = parse(payload)
      return isWelcome(value) ? { type: 'welcome', welcome: value } : undefined
    }
    case LETTERS.attached: {
      const value = parse(payload)
      return isAttached(value) ? { type: 'attached', attached: value } : undefined
    }
    case LETTERS.exit: {
      const value = parse(payload)
      return 'code' in value && typeof value.code === 'number'
        ? { type: 'exit', code: value.code }
        : undefined
    }
    case LETTERS.refused: {
      const value = parse(payload)
      return 'reason' in value && typeof value.reason === 'string'
        ? { type: 'refused', reason: value.reason }
        : undefined
    }
    default:
      return undefined
  }
}

/** @throws MalformedFrame */
function parse(payload: Uint8Array): object {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(payload))
  } catch (cause) {
    throw new MalformedFrame('a message is not JSON', { cause })
  }
  if (typeof value !== 'object' || value === null) throw new MalformedFrame('a message is not an object')
  return value
}

function isSide(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= LARGEST_SIDE
}

function isSize(value: object): value is Size {
  return 'columns' in value && isSide(value.columns) && 'rows' in value && isSide(value.rows)
}

function isHello(value: object): value is Hello {
  const hasMode = 'mode' in value && (value.mode === 'control' || value.mode === 'watch')
  const hasVersion = 'version' in value && typeof value.version === 'number'
  return hasMode && hasVersion && (isSize(value) || !('columns' in value || 'rows' in value))
}

function isWelcome(value: object): value is Welcome {
  return (
    isSize(value) &&
    'version' in value &&
    typeof value.version === 'number' &&
    'mission' in value &&
    typeof value.mission === 'string' &&
    'name' in value &&
    typeof value.name === 'string' &&
    'run' in value &&
    typeof value.run === 'number'
  )
}

export function isAttached(value: object): value is Attached {
  return (
    'control' in value &&
    typeof value.control === 'number' &&
    'watch' in value &&
    typeof value.watch === 'number'
  )
}
