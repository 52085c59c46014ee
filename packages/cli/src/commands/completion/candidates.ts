import { createClient } from '@overmind/client'
import { print } from '../../terminal/print.ts'

/** A shell that waits for a completion seems to hang. */
const PATIENCE_MS = 1000

/** Prints ids and names of all missions, a line each; nothing when that fails for any reason. */
export async function printCandidates(): Promise<void> {
  try {
    const client = createClient()
    const { missions } = await client.list({
      all: true,
      fields: ['id', 'name'],
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    print(missions.map(({ id, name }) => `${id}\n${name}\n`).join(''))
  } catch {
    // A shell has no place for an error here.
  }
}
