import * as z from 'zod'
import { timeoutInput, missionInput } from '../input.ts'
import { waitUntilOver } from '../wait.ts'
import type { Scene } from '../scene.ts'
import { type Offer, tool } from '../tool.ts'
import { missionSchema } from '../views.ts'

const input = z.strictObject({
  missions: z.array(missionInput).min(1).max(100),
  until: z.enum(['all', 'any']).default('all').describe('Whether all of them must be over, or one'),
  timeout_seconds: timeoutInput,
})

const output = z.object({
  done: z.boolean().describe('Whether what was waited for has happened'),
  over: z.array(missionSchema),
  running: z.array(missionSchema).describe('Those that are not over; questions above 0 wait for an answer'),
  forgotten: z.array(z.string()).describe('Ids of those that somebody has removed meanwhile'),
})

export function waitForMissions({ client, findAll }: Scene): Offer {
  return tool({
    name: 'wait_for_missions',
    title: 'Wait for missions',
    description:
      'Waits until all of your missions that you name are over, or any of them, and says how they ended. At the timeout it ' +
      'says what is still running, which is no error: call it again to go on waiting. A session is over only when it is ' +
      'stopped; to wait for what it answers, use send_message.',
    input,
    output,
    hints: { readOnly: true, destructive: false, idempotent: true },
    run: async ({ missions, until, timeout_seconds }, call) => {
      const ids = (await findAll(missions, call.signal)).map(({ id }) => id)
      return waitUntilOver(client, ids, { until, timeoutMs: timeout_seconds * 1000, call })
    },
  })
}
