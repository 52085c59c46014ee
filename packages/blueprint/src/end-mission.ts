import { type Mission, OvermindError } from '@overmind/core'

/** Ends a mission that may have ended, or may do so by itself meanwhile. */
export async function endMission(mission: Mission, how: 'stop' | 'kill'): Promise<void> {
  if (mission.view().state.exit !== null) return
  await mission[how]().catch((error: unknown) => {
    if (!(error instanceof OvermindError) || error.code !== 'not_running') throw error
  })
}
