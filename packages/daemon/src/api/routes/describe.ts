import { createRoute } from '@hono/zod-openapi'
import type { Mission, Runtime } from '@overmind/core'
import { type Place, why } from '../../describe/why.ts'
import { json, problem, reference } from '../answers.ts'
import type { Register } from '../context.ts'
import { descriptionSchema } from '../schemas.ts'
import type { Description } from '../types.ts'
import { eventView, missionView, receiptView, specView } from '../views.ts'

const EVENTS = 20

export const describe: Register = (api, { runtime }) => {
  const route = createRoute({
    method: 'get',
    path: '/v1/missions/{reference}/description',
    summary: 'Why a mission is in its state',
    request: { params: reference },
    responses: { 200: json('The mission, in words', descriptionSchema), 404: problem, 409: problem },
  })
  api.openapi(route, (c) => c.json(description(runtime.get(c.req.valid('param').reference), runtime), 200))
}

function description(mission: Mission, runtime: Runtime): Description {
  const view = mission.view()
  const [failed] = mission.history({ types: ['run.exited'], limit: 1 })
  const [ended] = mission.history({ types: ['run.ended'], limit: 1 })
  const [restarting] = mission.history({ types: ['mission.restarting'], limit: 1 })
  const restarted = restarting?.type === 'mission.restarting' ? restarting.reason : undefined
  return {
    mission: missionView(mission),
    spec: specView(view.spec),
    why: why(view, {
      now: Date.now(),
      restarted,
      attached: mission.attached(),
      doing: mission.doing(),
      place: placeOf(mission, runtime),
    }),
    evidence: failed?.type === 'run.exited' ? (failed.exit.tail ?? null) : null,
    receipt: ended?.type === 'run.ended' ? receiptView(ended.receipt) : null,
    attached: mission.attached(),
    events: mission
      .history({ limit: EVENTS })
      .toReversed()
      .map((event) => eventView(event)),
    output: mission.outputFiles().map(({ run, stream, path, bytes }) => ({ run, stream, path, bytes })),
  }
}

/** Where it stands among those that wait for a slot; undefined when it does not. */
function placeOf({ id, view }: Mission, runtime: Runtime): Place | undefined {
  if (view().state.queuedAt === null) return undefined
  const { limits, waiting } = runtime.queue()
  const before = waiting.findIndex((each) => each.id === id)
  const full = waiting[before]?.full
  return full === undefined ? undefined : { before, full: limits.filter(({ scope }) => full.includes(scope)) }
}
