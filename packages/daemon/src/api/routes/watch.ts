import { createRoute, z } from '@hono/zod-openapi'
import { type JournalMissionEvent, type MissionId, OvermindError, type Runtime, seq } from '@overmind/core'
import { flag, problem, stream, whole } from '../answers.ts'
import type { Register } from '../context.ts'
import { missionFilter, type MissionFilter } from '../filter.ts'
import { objectStream, resumedAfter } from '../stream.ts'
import type { WatchMessage } from '../types.ts'
import { missionView } from '../views.ts'

export const watch: Register = (api, { runtime, onError }) => {
  const route = createRoute({
    method: 'get',
    path: '/v1/missions/watch',
    summary: 'Changes of missions since a revision',
    request: {
      query: z.object({
        since: whole(0).openapi({ type: 'integer', description: 'The revision of a list. Default: now' }),
        all: flag,
        filter: z.union([z.string(), z.array(z.string())]).optional(),
      }),
    },
    responses: {
      200: stream('One message a line', 'application/x-ndjson', 'text/event-stream'),
      400: problem,
    },
  })
  api.openapi(route, (c) => {
    const { since: given, all } = c.req.valid('query')
    const since = resumedAfter(c, given)
    const wanted = missionFilter(c.req.queries('filter') ?? [], all)
    return objectStream(c, {
      source: (signal) => changes(runtime, since, wanted, signal),
      id: ({ revision }) => revision,
      onError,
    })
  })
}

/** Missions as they are now, each time something happens to one: a slow reader skips steps, never the last. */
export async function* changes(
  runtime: Runtime,
  since: number | undefined,
  wanted: MissionFilter,
  signal: AbortSignal,
): AsyncGenerator<WatchMessage> {
  const events = runtime.events({ since: since === undefined ? runtime.revision() : seq(since), signal })
  const shown = new Map<MissionId, number>()
  for await (const event of events) {
    if (event.type === 'gap') {
      yield { type: 'list_again', revision: runtime.revision() }
      return
    }
    if (!('mission' in event) || event.type === 'run.output') continue
    const revision = runtime.revision()
    // A parent's view names its children.
    for (const parent of parentsIn(event)) {
      const family = parent === null ? undefined : find(runtime, parent)
      if (family !== undefined && wanted(family))
        yield { type: 'put', revision, mission: missionView(family) }
    }
    // What is sent is newer than this event, so later ones up to that point bring no news of the mission itself.
    if ((shown.get(event.mission) ?? 0) >= event.seq) continue
    const mission = find(runtime, event.mission)
    if (mission === undefined || !wanted(mission)) {
      if (event.type === 'mission.removed' || shown.has(event.mission) || since !== undefined) {
        yield { type: 'removed', revision, id: event.mission }
      }
      shown.delete(event.mission)
      continue
    }
    shown.set(event.mission, revision)
    yield { type: 'put', revision, mission: missionView(mission) }
  }
}

function parentsIn(event: JournalMissionEvent): readonly (MissionId | null)[] {
  switch (event.type) {
    case 'mission.created':
      return [event.spec.parent]
    case 'mission.moved':
      return [event.from, event.parent]
    case 'mission.removed':
      return [event.parent]
    default:
      return []
  }
}

function find(runtime: Runtime, id: MissionId): ReturnType<Runtime['get']> | undefined {
  try {
    return runtime.get(id)
  } catch (error) {
    if (error instanceof OvermindError && error.code === 'not_found') return undefined
    throw error
  }
}
