import { closeSync, openSync, rmSync, writeSync } from 'node:fs'

const BYTES = 1024 * 1024

export interface Reserve {
  /** Gives the room back to the disk; false when there is none left to give. */
  release(): boolean
}

/**
 * A file that only takes up room. When the disk is full it is given up, and the store can go on for a
 * while: long enough to stop what fills the disk.
 */
export function createReserve(path: string): Reserve {
  let held = take(path)
  return {
    release: () => {
      const had = held
      held = false
      rmSync(path, { force: true })
      return had
    },
  }
}

function take(path: string): boolean {
  let file: number | undefined
  try {
    // What is there may be a link: what it leads to is not ours to write over.
    rmSync(path, { force: true })
    file = openSync(path, 'wx', 0o600)
    const zeros = Buffer.alloc(BYTES)
    for (let written = 0; written < BYTES;) written += writeSync(file, zeros, 0, BYTES - written)
    return true
  } catch {
    // A disk that is full already has no room to set aside; the store works without.
    rmSync(path, { force: true })
    return false
  } finally {
    if (file !== undefined) closeSync(file)
  }
}
