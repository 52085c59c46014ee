/** Seeing whether a copy of an agent is of use, from one moment to the next. */
import type { Mission } from '@overmind/core'
import { after } from '../after.ts'
import type { Probe, Update } from '../blueprint.ts'
import { comesTo } from './members.ts'
import { looksReady, whenReady } from './probe.ts'

export interface Watched {
  readonly mission: Mission
  readonly ready: Probe | null
  readonly update: Pick<Update, 'stayUpMs'>
}

export interface StandingOptions {
  readonly signal: AbortSignal
  /** Told whenever it is known to be of use, or not to be. */
  readonly tell: (isOfUse: boolean) => void
}

/** Follows a copy until it has exited, or can be seen no more. Rejects when the signal aborts. */
export async function followStanding(watched: Watched, options: StandingOptions): Promise<void> {
  const { mission } = watched
  const { signal, tell } = options
  for (;;) {
    signal.throwIfAborted()
    const { exit, phase, run } = mission.view().state
    if (exit !== null) return
    if (phase !== 'running.up') {
      tell(false)
      if (await comesTo(mission, (now) => now.exit !== null || now.phase === 'running.up', signal)) continue
      return signal.throwIfAborted()
    }
    const over = new AbortController()
    const during = AbortSignal.any([signal, over.signal])
    const ends = comesTo(mission, (now) => now.run !== run || now.phase !== 'running.up', during)
    const shown = show(watched, { ...options, signal: during }).then(
      (yes) => yes && !during.aborted && tell(true),
      (error: unknown) => {
        if (!during.aborted) throw error
      },
    )
    const [isOver] = await Promise.all([ends.finally(() => over.abort()), shown])
    if (!isOver) return signal.throwIfAborted()
  }
}

/** Settles with true when its run has shown that it is of use, with false when it ends before. */
async function show(
  { mission, ready, update }: Watched,
  { signal, tell }: StandingOptions,
): Promise<boolean> {
  if (ready !== null) {
    if (await looksReady(mission, ready, { signal })) return true
    if (!signal.aborted) tell(false)
    return whenReady(mission, ready, { signal })
  }
  const since = mission.view().state.startedAt?.wall ?? Date.now()
  await after(since + update.stayUpMs - Date.now(), signal)
  return true
}
