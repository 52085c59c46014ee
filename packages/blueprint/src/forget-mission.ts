import { type Mission, OvermindError, type Runtime } from '@overmind/core'

/** Forgets a mission that has ended; whether it did: somebody may have forgotten it meanwhile, or started it again. */
export async function forgetMission(runtime: Runtime, { id }: Mission): Promise<boolean> {
  try {
    await runtime.remove(id)
    return true
  } catch (error) {
    const isPassedOver =
      error instanceof OvermindError && (error.code === 'not_found' || error.code === 'not_exited')
    if (isPassedOver) return false
    throw error
  }
}
