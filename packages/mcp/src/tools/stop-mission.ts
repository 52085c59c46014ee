import { ApiError, type MissionView, type OvermindClient } from '@overmind/client'
import * as z from 'zod'
import { ToolFailure } from '../failures.ts'
import { missionInput } from '../input.ts'
import { patiently } from '../patience.ts'
import type { Scene } from '../scene.ts'
import { type Offer, tool } from '../tool.ts'
import { missionSchema, shown } from '../views.ts'

/** A mission may take an hour to end; the agent that asked need not wait so long. */
const PATIENCE_MS = 45_000

const input = z.strictObject({
  mission: missionInput,
  kill: z.boolean().default(false).describe('At once, without asking it'),
  cascade: z.boolean().default(false).describe('With kill: first all that belongs to it, however deep'),
})

const output = z.object({
  mission: missionSchema.describe(
    'over tells whether it has ended; one that is still ending goes on with that',
  ),
})

export function stopMission({ client, find }: Scene): Offer {
  return tool({
    name: 'stop_mission',
    title: 'Stop a mission',
    description:
      'Ends one of your missions: asks it to end, and kills it when it does not; with kill at once, with cascade also all ' +
      'that belongs to it. A mission that is over already is no error.',
    input,
    output,
    hints: { readOnly: false, destructive: true, idempotent: true },
    run: async ({ mission: ref, kill, cascade }, call) => {
      if (cascade && !kill) throw new ToolFailure('invalid_request', 'cascade goes with kill')
      const { id } = await find(ref, call.signal)
      const late = AbortSignal.timeout(PATIENCE_MS)
      const signal = AbortSignal.any([call.signal, late])
      const end = (): Promise<MissionView> =>
        kill ? client.kill(id, { cascade, signal }) : stopOnce(client, id, signal)
      try {
        return { mission: shown(await patiently(end, signal)) }
      } catch (error) {
        const wasOver = error instanceof ApiError && error.code === 'not_running'
        if (!wasOver && !late.aborted) throw error
      }
      return { mission: shown(await patiently(() => client.get(id, call), call.signal)) }
    },
  })
}

/** Who asks a mission to end that has been asked already kills it: that is waited for. */
async function stopOnce(client: OvermindClient, id: string, signal: AbortSignal): Promise<MissionView> {
  const { ending } = await client.get(id, { signal })
  const isEnding = ending === 'stop' || ending === 'kill'
  return isEnding ? client.wait(id, { signal }) : client.stop(id, { signal })
}
