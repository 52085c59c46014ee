import type { OvermindClient } from '@overmind/client'
import { CommandError } from '../failures.ts'
import { exitCodeOf } from '../missions/exit-code.ts'
import { print } from '../terminal/print.ts'
import { attach } from './attach.ts'
import { DEFAULT_DETACH_KEYS, detachKeys } from './detach-keys.ts'
import { findTerminal } from './find-terminal.ts'

/** Attaches to a mission that has just been started. One that ended sooner than that is shown as it was. */
export async function attachTo(client: OvermindClient, id: string): Promise<number> {
  try {
    return await attach(await findTerminal(id), { mode: 'control', keys: detachKeys(DEFAULT_DETACH_KEYS) })
  } catch (error) {
    if (!(error instanceof CommandError) || error.code !== 'not_running') throw error
  }
  for await (const bytes of client.logs(id, {})) print(bytes)
  return exitCodeOf(await client.wait(id)) ?? 1
}
