/**
 * Follows a stream of terminal output just far enough to know where one thing ends and the next begins: which bytes
 * at its end are the beginning of a character or of a control sequence that is not complete yet. Who joins the stream
 * there needs them, or would take the rest for text.
 */
export interface Boundary {
  push(bytes: Uint8Array): void
  /** The beginning of what is not complete; empty where it is, or when it is too long to be kept. */
  rest(): Uint8Array
}

type State = 'ground' | 'escape' | 'intermediate' | 'control' | 'string' | 'string-escape'

const ESC = 0x1b
const BEL = 0x07
const CAN = 0x18
const SUB = 0x1a

/** Pictures are sent in one sequence of megabytes: a screen without it is better than the memory for it. */
const LONGEST = 64 * 1024

/** Behind ESC: `[` begins a control sequence, these a string, and what is below 0x30 goes before a last byte. */
const STRINGS: ReadonlySet<number> = new Set(Buffer.from('PX]^_'))

export function createBoundary(): Boundary {
  let state: State = 'ground'
  /** Bytes of a UTF-8 character still to come. */
  let following = 0
  let held: number[] = []
  let tooLong = false

  function next(state: State, byte: number): State {
    if (state !== 'ground' && (byte === CAN || byte === SUB)) return 'ground'
    switch (state) {
      case 'ground':
        return ground(byte)
      case 'escape':
        if (byte === ESC) return 'escape'
        if (byte === 0x5b) return 'control'
        if (STRINGS.has(byte)) return 'string'
        return byte < 0x30 ? 'intermediate' : 'ground'
      case 'intermediate':
        if (byte === ESC) return 'escape'
        return byte < 0x30 ? 'intermediate' : 'ground'
      case 'control':
        if (byte === ESC) return 'escape'
        // Control characters within a sequence are obeyed, and it goes on.
        return byte >= 0x40 && byte !== 0x7f ? 'ground' : 'control'
      case 'string':
        if (byte === BEL) return 'ground'
        return byte === ESC ? 'string-escape' : 'string'
      case 'string-escape':
        // `ESC \` ends it; any other byte belongs to a sequence that has cut it short.
        return byte === 0x5c ? 'ground' : next('escape', byte)
    }
  }

  function ground(byte: number): State {
    if (following > 0 && (byte & 0xc0) === 0x80) {
      following -= 1
      return 'ground'
    }
    if (byte >= 0xf0 && byte < 0xf8) following = 3
    else if (byte >= 0xe0 && byte < 0xf0) following = 2
    else if (byte >= 0xc2 && byte < 0xe0) following = 1
    else following = 0
    return byte === ESC ? 'escape' : 'ground'
  }

  return {
    push: (bytes) => {
      for (const byte of bytes) {
        const begins = byte === ESC || (state === 'ground' && following > 0 && (byte & 0xc0) !== 0x80)
        state = next(state, byte)
        if (state === 'ground' && following === 0) {
          held = []
          tooLong = false
          continue
        }
        // A sequence that cuts another short stands alone, but in a string, which its first two bytes may yet end.
        if (begins && state !== 'string-escape') {
          held = []
          tooLong = false
        }
        if (held.length < LONGEST) held.push(byte)
        else tooLong = true
      }
    },
    rest: () => Uint8Array.from(tooLong ? [] : held),
  }
}
