import * as z from 'zod'
import { missionInput } from '../input.ts'
import { saidBy, writtenBy } from '../output.ts'
import { patiently } from '../patience.ts'
import type { Scene } from '../scene.ts'
import { type Offer, tool } from '../tool.ts'

const input = z.strictObject({
  mission: missionInput,
  lines: z.number().int().min(1).max(5000).default(100).describe('How many lines, the last'),
  run: z.number().int().min(1).optional().describe('Of which run. Default: the newest'),
  raw: z.boolean().default(false).describe('Of an agent: the protocol that it wrote, and not what it says'),
})

const output = z.object({
  mission: z.string(),
  text: z.string(),
  truncated: z.boolean().describe('Whether there is more before it'),
})

export function readOutput({ client, find }: Scene): Offer {
  return tool({
    name: 'read_output',
    title: 'Read the output of a mission',
    description:
      'The last lines that one of your missions has written so far, at most 64 KB; of an agent, what was said to it, what it ' +
      'said and its tools. Control characters are taken out or shown as \\x1b.',
    input,
    output,
    hints: { readOnly: true, destructive: false, idempotent: true },
    run: async ({ mission: ref, lines, run, raw }, { signal }) => {
      const { id } = await find(ref, signal)
      const { cost_usd: spent } = await patiently(() => client.get(id, { signal }), signal)
      const read = spent === null || raw ? writtenBy : saidBy
      return { mission: id, ...(await read(client, id, { lines, run, signal })) }
    },
  })
}
