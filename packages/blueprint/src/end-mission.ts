import { type Mission, OvermindError } from '@overmind/core'

/** Ends a mission that may have ended or been asked to, or may end by itself meanwhile. */
export async function endMission(mission: Mission, how: 'stop' | 'kill'): Promise<void> {
  const { exit, ending } = mission.view().state
  if (exit !== null) return
  // Asked twice, it would be killed.
  if (how === 'stop' && ending?.reason === 'stop') return void (await mission.exited())
  await mission[how]().catch((error: unknown) => {
    if (!(error instanceof OvermindError) || error.code !== 'not_running') throw error
  })
}
