import { writeSync } from 'node:fs'
import { systemCode } from '../../model/errors.ts'

const NEWLINE = 0x0a

/** Appends text to an open file. A full disk costs text, and says later how much; never the run. */
export function logTo(file: number): (text: string) => void {
  /** Bytes that had no place, and whether a line was cut short by that. */
  let missing = 0
  let inLine = false

  return (text) => {
    const notice = missing === 0 ? '' : `${inLine ? '\n' : ''}--- ${missing} bytes could not be written ---\n`
    const bytes = Buffer.from(notice + text)
    let written = 0
    try {
      while (written < bytes.length) written += writeSync(file, bytes, written)
      missing = 0
    } catch (error) {
      if (systemCode(error) === undefined) throw error
      missing += Math.min(Buffer.byteLength(text), bytes.length - written)
      if (written > 0) inLine = bytes[written - 1] !== NEWLINE
    }
  }
}
