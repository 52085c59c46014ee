import { readRegular } from '@overmind/core'

/** More than anybody writes into a blueprint. Bytes. */
const LARGEST = 16 * 1024 * 1024

/** The text of a file that a blueprint names: it may come from anywhere, and name a pipe or a device. @throws when it cannot be read */
export function readIncluded(path: string): string {
  return readRegular(path, LARGEST)
}
