import { createRoute, z } from '@hono/zod-openapi'
import type { MissionId, MissionView } from '@overmind/core'
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
    const missions = runtime.list().map((mission) => mission.view())
    const byId = new Map(missions.map((mission) => [mission.id, mission]))
    const asks = missions.flatMap((mission) => asksOf(mission, byId))
    asks.sort((a, b) => b.blocking - a.blocking || a.at.localeCompare(b.at))
    return c.json({ asks }, 200)
  })
}

type Missions = ReadonlyMap<MissionId, MissionView>

function asksOf(mission: MissionView, missions: Missions): readonly AskView[] {
  const { id, name, state } = mission
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
    blocking: blockedBy(mission, missions),
  }))
}

/** The messages that it has not answered, and the missions above it that it belongs to. */
function blockedBy({ state, spec }: MissionView, missions: Missions): number {
  let blocked = state.conversation?.messages.length ?? 0
  for (let parent = spec.parent; parent !== null; parent = missions.get(parent)?.spec.parent ?? null) {
    if (missions.get(parent)?.state.exit === null) blocked += 1
  }
  return blocked
}
