import { OpenAPIHono } from '@hono/zod-openapi'
import { BlueprintError } from '@overmind/blueprint'
import { OvermindError } from '@overmind/core'
import { bodyLimit } from 'hono/body-limit'
import { LARGEST_BODY } from './body.ts'
import { problem } from './answers.ts'
import type { Api, ApiContext, Register } from './context.ts'
import { answerProblem, problemOf } from './problem.ts'
import { applyPipeline } from './routes/apply-pipeline.ts'
import { diffPipeline } from './routes/diff-pipeline.ts'
import { scalePipeline } from './routes/scale-pipeline.ts'
import { takeDown } from './routes/take-down.ts'
import { answer } from './routes/answer.ts'
import { deadDeliveries } from './routes/dead-deliveries.ts'
import { decide } from './routes/decide.ts'
import { dropDeliveries } from './routes/drop-deliveries.ts'
import { hooks } from './routes/hooks.ts'
import { retryDeliveries } from './routes/retry-deliveries.ts'
import { tryHook } from './routes/try-hook.ts'
import { inbox } from './routes/inbox.ts'
import { interrupt } from './routes/interrupt.ts'
import { result } from './routes/result.ts'
import { send } from './routes/send.ts'
import { subscribe } from './routes/subscribe.ts'
import { describe } from './routes/describe.ts'
import { events } from './routes/events.ts'
import { kill } from './routes/kill.ts'
import { list } from './routes/list.ts'
import { logs } from './routes/logs.ts'
import { output } from './routes/output.ts'
import { prune } from './routes/prune.ts'
import { remove } from './routes/remove.ts'
import { restart } from './routes/restart.ts'
import { show } from './routes/show.ts'
import { shutdown } from './routes/shutdown.ts'
import { startTeam } from './routes/start-team.ts'
import { sitDown } from './routes/sit-down.ts'
import { standUp } from './routes/stand-up.ts'
import { start } from './routes/start.ts'
import { reload } from './routes/reload.ts'
import { status } from './routes/status.ts'
import { stopTeam } from './routes/stop-team.ts'
import { stop } from './routes/stop.ts'
import { runs } from './routes/runs.ts'
import { queue } from './routes/queue.ts'
import { teams } from './routes/teams.ts'
import { usage } from './routes/usage.ts'
import { wait } from './routes/wait.ts'
import { watch } from './routes/watch.ts'

/** `watch` before `show`: its path would be taken for a mission's name. */
const ROUTES: readonly Register[] = [
  status,
  shutdown,
  list,
  watch,
  start,
  show,
  describe,
  stop,
  kill,
  restart,
  wait,
  remove,
  prune,
  logs,
  output,
  send,
  answer,
  subscribe,
  result,
  interrupt,
  sitDown,
  standUp,
  inbox,
  decide,
  usage,
  events,
  runs,
  queue,
  teams,
  startTeam,
  stopTeam,
  applyPipeline,
  diffPipeline,
  scalePipeline,
  takeDown,
  reload,
  hooks,
  tryHook,
  deadDeliveries,
  retryDeliveries,
  dropDeliveries,
]

/** Any request may be one that cannot be read, or come when the daemon is ending. */
const ALWAYS = { 400: problem, 503: problem }

/** The API as a function from request to response; the socket is someone else's business. */
export function createApp(context: ApiContext, { version }: { readonly version: string }): Api {
  const app = new OpenAPIHono({
    defaultHook: (result) => {
      if (result.success) return
      const [issue] = result.error.issues
      const field = issue?.path.join('.') ?? ''
      throw new OvermindError('invalid_request', `${field} ${issue?.message ?? 'is not valid'}`.trim(), {
        field,
      })
    },
  })
  const limit = bodyLimit({
    maxSize: LARGEST_BODY,
    onError: () => {
      throw new OvermindError('invalid_request', `the body may have ${LARGEST_BODY} bytes`)
    },
  })
  // Looking for a body costs as much as the rest of a small request.
  app.use((c, next) => (c.req.method === 'GET' ? next() : limit(c, next)))
  for (const register of ROUTES) register(app, context)
  for (const definition of app.openAPIRegistry.definitions) {
    if (definition.type === 'route')
      Object.assign(definition.route.responses, { ...ALWAYS, ...definition.route.responses })
  }
  app.doc31('/v1/openapi.json', {
    openapi: '3.1.0',
    info: { title: 'Overmind', version, license: { name: 'AGPL-3.0-only' } },
  })

  app.notFound((c) => {
    const error = new OvermindError(
      'not_found',
      `there is no ${c.req.method} ${c.req.path}: see /v1/openapi.json`,
    )
    return answerProblem(c, problemOf(error))
  })
  app.onError((error, c) => {
    const known = wrong(error) ?? error
    const problem = problemOf(known)
    if (problem.code === 'internal' && !isHangUp(error, c.req.raw.signal)) context.onError(error)
    return answerProblem(c, problem)
  })
  return app
}

/** Whether it came to nothing because the client did not wait for it, or not even until it had asked. */
function isHangUp(error: Error, { aborted, reason }: AbortSignal): boolean {
  const isCutOff = 'code' in error && error.code === 'ECONNRESET'
  return aborted && (isCutOff || error === reason || error.cause === reason)
}

function wrong(error: Error): OvermindError | undefined {
  if (!(error instanceof BlueprintError)) return undefined
  const field = error.problems[0]?.path
  return new OvermindError('invalid_spec', error.message, {
    cause: error,
    ...(field === undefined ? {} : { field }),
  })
}
