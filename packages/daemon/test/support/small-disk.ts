/** A home on a small disk of its own, which takes root. */
import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { TemporaryHome } from './home.ts'

export const isRoot: boolean = process.getuid?.() === 0

/** Makes the home a file system of its own. */
export function mountHome(home: TemporaryHome): void {
  mkdirSync(home.path, { mode: 0o700 })
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m,mode=0700', 'overmind-test', home.path])
  home.defer(() => execFileSync('umount', ['-l', home.path]))
}

const filler = (home: TemporaryHome): string => join(home.path, 'filler')

/** Writes until nothing more fits. */
export function fill(home: TemporaryHome): void {
  const file = openSync(filler(home), 'a')
  try {
    for (const size of [1024 * 1024, 4096]) {
      const block = Buffer.alloc(size)
      for (;;) {
        try {
          if (writeSync(file, block) < size) break
        } catch {
          break
        }
      }
    }
  } finally {
    closeSync(file)
  }
}

export function free(home: TemporaryHome): void {
  rmSync(filler(home))
}
