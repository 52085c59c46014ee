import { createRoute } from '@hono/zod-openapi'
import { json } from '../answers.ts'
import type { Register } from '../context.ts'
import { usageSchema } from '../schemas.ts'
import { iso, missionFields } from '../views.ts'

const FIELDS = ['id', 'name', 'status', 'asks', 'command', 'tokens', 'cost_usd', 'turns'] as const
const NOTHING = { processes: 0, cpuMs: 0, memoryBytes: 0 }

export const usage: Register = (api, { runtime }) => {
  const route = createRoute({
    method: 'get',
    path: '/v1/usage',
    summary: 'What live missions use and have spent',
    responses: { 200: json('One look at all of them', usageSchema) },
  })
  api.openapi(route, async (c) => {
    const used = await runtime.usage()
    const missions = runtime
      .list()
      .filter((mission) => mission.view().state.exit === null)
      .map((mission) => {
        const { processes, cpuMs, memoryBytes } = used.get(mission.id) ?? NOTHING
        return {
          ...missionFields(mission, FIELDS),
          processes,
          cpu_ms: Math.round(cpuMs),
          memory_bytes: memoryBytes,
        }
      })
    return c.json({ at: iso(Date.now()), missions }, 200)
  })
}
