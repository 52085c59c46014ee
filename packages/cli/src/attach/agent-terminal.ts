/** Agents have a terminal of their own only while somebody sits at it. */
import { ApiError, createClient, DaemonNotRunning } from '@overmind/client'
import { printError } from '../terminal/print.ts'
import { terminalSize } from '../terminal/terminal.ts'

/**
 * Puts an agent on its terminal; resolves to its id. Null for a mission that runs on a terminal anyway, and where nobody
 * can be asked.
 */
export async function sitDown(
  reference: string,
  { interrupt }: { readonly interrupt: boolean },
): Promise<string | null> {
  const client = createClient()
  try {
    const { id, name, turn, has_terminal: hasTerminal } = await client.get(reference)
    if (turn === null || !hasTerminal) return null
    if (turn === 'busy' && !interrupt) {
      printError(`Waiting for ${name} to end its turn; --interrupt does not wait\n`)
    }
    await client.sitDown(id, { ...terminalSize(), interrupt })
    return id
  } catch (error) {
    // Whoever is at a terminal already can be reached without the daemon.
    if (error instanceof DaemonNotRunning) return null
    throw error
  }
}

/** Takes it off its terminal, unless somebody else sits at it; it may be off already, because its program was left. */
export async function standUp(id: string): Promise<void> {
  try {
    await createClient().standUp(id)
  } catch (error) {
    const gone =
      error instanceof DaemonNotRunning || (error instanceof ApiError && error.code.startsWith('not_'))
    if (!gone) throw error
  }
}
