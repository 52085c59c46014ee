import { readRegular } from '@overmind/core'

/** More than a blueprint may have, however its characters are written. Bytes. */
const LARGEST = 4 * 1024 * 1024

/** The text of a file that a blueprint names: it may come from anywhere, and name a pipe or a device. @throws when it cannot be read */
export function readIncluded(path: string): string {
  return readRegular(path, LARGEST)
}
