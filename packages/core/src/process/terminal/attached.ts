/** Who is attached to a mission's terminal, as a file that its terminal program keeps for supervisors to read. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { systemCode } from '../../model/errors.ts'
import { type Attached, isAttached } from './protocol.ts'

/** The file is there only while somebody is attached. */
export function noteAttached(path: string, attached: Attached): void {
  if (attached.control + attached.watch === 0) rmSync(path, { force: true })
  else writeFileSync(path, JSON.stringify(attached), { mode: 0o600 })
}

export function readAttached(path: string): Attached {
  const nobody = { control: 0, watch: 0 }
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return typeof value === 'object' && value !== null && isAttached(value) ? value : nobody
  } catch (error) {
    // There is none, or it is being written this moment.
    if (systemCode(error) === 'ENOENT' || error instanceof SyntaxError) return nobody
    throw error
  }
}
