import { closeSync, fstatSync, readSync } from 'node:fs'
import type { ProcessExit } from '../model/exit.ts'
import { isAbsent, openRegular } from './regular-file.ts'

const EVIDENCE_BYTES = 4096

/** An exit with the last output before it, when it was not a clean one. */
export function evidenceOf(exit: ProcessExit, path: string): ProcessExit {
  if (exit.kind === 'code' && exit.code === 0) return exit
  const tail = readTail(path, EVIDENCE_BYTES)
  return tail === '' ? exit : { ...exit, tail }
}

/** The last bytes of a file as text, from the beginning of a character; empty when there is no file. */
function readTail(path: string, bytes: number): string {
  let file: number
  try {
    file = openRegular(path, 'read')
  } catch (error) {
    if (isAbsent(error)) return ''
    throw error
  }
  try {
    const stats = fstatSync(file)
    if (!stats.isFile()) return ''
    const from = Math.max(0, stats.size - bytes)
    const buffer = Buffer.allocUnsafe(bytes)
    const length = readSync(file, buffer, 0, bytes, from)
    let start = 0
    // In the middle of a UTF-8 character: begin with the next one.
    while (from > 0 && start < Math.min(4, length) && ((buffer[start] ?? 0) & 0xc0) === 0x80) start += 1
    return buffer.toString('utf8', start, length)
  } finally {
    closeSync(file)
  }
}
