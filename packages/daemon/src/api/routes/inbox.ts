import { createRoute, z } from '@hono/zod-openapi'
import type { Mission, Runtime } from '@overmind/core'
import { json } from '../answers.ts'
import type { Register } from '../context.ts'
import { askSchema } from '../schemas.ts'
import type { AskView } from '../types.ts'
import { iso } from '../views.ts'

export const inbox: Register = (api, { runtime }) => {
  const route = createRoute({
    method: 'get',
    path: '/v1/inbox',
    summary: 'What agents ask of people: those that most wait for first, of these the oldest first',
    responses: { 200: json('The questions', z.object({ asks: z.array(askSchema) })) },
  })
  api.openapi(route, (c) => {
    const asks = runtime.list().flatMap((mission) => asksOf(mission, runtime))
    asks.sort((a, b) => b.blocking - a.blocking || a.at.localeCompare(b.at))
    return c.json({ asks }, 200)
  })
}

function asksOf(mission: Mission, runtime: Runtime): readonly AskView[] {
  const { id, name, state } = mission.view()
  const open = state.conversation?.asks.filter(({ verdict }) => verdict === null) ?? []
  return open.map(({ id: ask, tool, summary, input, rule, at }) => ({
    mission: id,
    name,
    ask,
    tool,
    summary,
    input,
    rule,
    at: iso(at),
    blocking: blockedBy(mission, runtime),
  }))
}

/** The messages that it has not answered, and the missions above it that it belongs to. */
function blockedBy(mission: Mission, runtime: Runtime): number {
  const { state, spec } = mission.view()
  let blocked = state.conversation?.messages.length ?? 0
  const above = new Map(runtime.list().map((other) => [other.id, other.view()]))
  for (let parent = spec.parent; parent !== null; parent = above.get(parent)?.spec.parent ?? null) {
    if (above.get(parent)?.state.exit === null) blocked += 1
  }
  return blocked
}
