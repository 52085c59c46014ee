import { DaemonNotRunning } from '@overmind/client'
import { printError } from '../terminal/print.ts'
import { startDaemon } from './start-daemon.ts'

/** Asks the daemon, after starting one when there is none, which it says on stderr. */
export async function withDaemon<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof DaemonNotRunning)) throw error
  }
  const { pid, ours } = await startDaemon()
  if (ours) printError(`Started the daemon (PID ${pid})\n`)
  return ask()
}
