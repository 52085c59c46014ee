import * as z from 'zod'
import { isOver } from '../family.ts'
import { patiently } from '../patience.ts'
import type { Scene } from '../scene.ts'
import { type Offer, tool } from '../tool.ts'
import { missionSchema, SHOWN_FIELDS, shown } from '../views.ts'

/** A list is read by a model, word for word. */
const MOST = 100

const input = z.strictObject({
  alive: z.boolean().default(false).describe('Only those that have not ended'),
})

const output = z.object({
  missions: z.array(missionSchema).describe('The newest last'),
  left_out: z.number().describe(`How many older ones are not shown: ${MOST} are at most`),
})

export function listMissions({ client, visible }: Scene): Offer {
  return tool({
    name: 'list_missions',
    title: 'List your missions',
    description:
      'Lists the missions that belong to yours, and those that belong to them: what they run, whether they are over, and ' +
      'how they ended. Missions of others are not shown.',
    input,
    output,
    hints: { readOnly: true, destructive: false, idempotent: true },
    run: async ({ alive }, { signal }) => {
      const ask = (): ReturnType<typeof client.list<(typeof SHOWN_FIELDS)[number]>> =>
        client.list({ all: true, fields: SHOWN_FIELDS, signal })
      const { missions } = await patiently(ask, signal)
      const wanted = visible(missions).filter((mission) => !(alive && isOver(mission)))
      return {
        missions: wanted.slice(-MOST).map(shown),
        left_out: Math.max(0, wanted.length - MOST),
      }
    },
  })
}
