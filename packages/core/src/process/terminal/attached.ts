/** Who is attached to a mission's terminal, as a file that its terminal program keeps for supervisors to read. */
import { rmSync, writeFileSync } from 'node:fs'
import { systemCode } from '../../model/errors.ts'
import { isAbsent, readRegular } from '../regular-file.ts'
import { type Attached, isAttached } from './protocol.ts'

/** What is said of a terminal that nobody is attached to, and of a mission without one. */
export const NOBODY: Attached = { control: 0, watch: 0 }

/** Two numbers. Bytes. */
const MOST = 1024

/** The file is there only while somebody is attached, and where it could be written: people attach to full disks too. */
export function noteAttached(path: string, attached: Attached): void {
  try {
    if (attached.control + attached.watch === 0) rmSync(path, { force: true })
    else writeFileSync(path, JSON.stringify(attached), { mode: 0o600 })
  } catch (error) {
    if (systemCode(error) === undefined) throw error
  }
}

export function readAttached(path: string): Attached {
  try {
    const value: unknown = JSON.parse(readRegular(path, MOST))
    return typeof value === 'object' && value !== null && isAttached(value) ? value : NOBODY
  } catch (error) {
    // There is none, or it is being written this moment.
    if (isAbsent(error) || error instanceof RangeError || error instanceof SyntaxError) return NOBODY
    throw error
  }
}
