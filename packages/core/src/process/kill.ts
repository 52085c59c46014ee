import { systemCode } from '../model/errors.ts'

/** Sends a signal to a process, or to a group when negative; false when it did not reach anything. */
export function kill(target: number, signal: NodeJS.Signals): boolean {
  // 0 and -1 mean everybody.
  if (Math.abs(target) <= 1) return false
  try {
    process.kill(target, signal)
    return true
  } catch (error) {
    const code = systemCode(error)
    // ESRCH: it went by itself. EPERM: it runs as another user, and the receipt will name it.
    if (code === 'ESRCH' || code === 'EPERM') return false
    throw error
  }
}
