import { execa } from 'execa'
import { isShortage } from '../model/errors.ts'

const BLOCK = 4096

/** What happened when old output was to be given back to the disk. */
export type Trimmed =
  | { readonly kind: 'trimmed' }
  | { readonly kind: 'unsupported'; readonly reason: string }
  /** It can be done later. */
  | { readonly kind: 'hindered'; readonly error: Error }

/** Only whole blocks can be given back. */
export function trimPoint(offset: number): number {
  return Math.floor(offset / BLOCK) * BLOCK
}

/**
 * Gives the blocks before `to` back to the disk by punching a hole. The file keeps its length and
 * every offset its meaning, and a program that is writing to it notices nothing.
 */
export async function trimBefore(path: string, to: number): Promise<Trimmed> {
  const result = await execa('fallocate', ['--punch-hole', '--offset', '0', '--length', String(to), path], {
    reject: false,
    stdin: 'ignore',
  })
  if (!result.failed) return { kind: 'trimmed' }
  const reason = result.stderr || result.shortMessage || 'fallocate failed'
  if (result.isTerminated || isShortage(result.cause)) return { kind: 'hindered', error: new Error(reason) }
  return { kind: 'unsupported', reason }
}
