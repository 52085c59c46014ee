/**
 * The typed client of the daemon's API.
 *
 * Theory of operation: every method is one HTTP request over a connection of its own to the daemon's Unix
 * socket, so that a client has nothing to keep and nothing to close. 64 are under way at once, and the rest waits its turn; streams, and
 * what waits for a mission (`wait`, `answer`, `sitDown`), do not count. Streams begin with the first read and are read no faster than they
 * are consumed. Nothing here has a time limit of its own, because a stop may take as long as its mission's ladder:
 * pass a `signal`. Answers are trusted to have the types below, as client and daemon are released together.
 */
import type {
  AnswerView,
  AskView,
  DeadDeliveryView,
  DaemonStatus,
  DecisionRequest,
  Description,
  EventView,
  GapView,
  HookTest,
  HookView,
  LogLine,
  MessageView,
  MissionList,
  MissionView,
  Pruned,
  Reloaded,
  StartRequest,
  ChangeView,
  PipelineRequest,
  PipelineView,
  QueueView,
  RunView,
  TeamRequest,
  TeamView,
  UsageList,
  WatchMessage,
} from '@overmind/daemon'
import { type Call, connectTo } from './connection.ts'
import { followEvents } from './follow-events.ts'
import { resolveHome, socketOf } from './home.ts'
import { merge } from './merge.ts'
import { readLines } from './ndjson.ts'

export interface CallOptions {
  /** Gives up waiting for the answer; what was asked for may happen all the same. */
  readonly signal?: AbortSignal | undefined
}

export interface ListQuery extends CallOptions {
  /** Also the missions that were killed. */
  readonly all?: boolean | undefined
  /**
   * `key=value`: of the same key one must hold, of different keys all. Keys: status, name, id, type, provider, parent, colony, cwd, command,
   * exit_class, label; `*` in values.
   */
  readonly filter?: readonly string[] | undefined
}

export interface TableQuery {
  /** The width that it has to fit into. Default: as wide as it gets. */
  readonly columns?: number | undefined
  /** With the colours of a terminal. */
  readonly colours?: boolean | undefined
  /** Children under their parents. */
  readonly tree?: boolean | undefined
}

export interface LogQuery extends CallOptions {
  /** Only this run, counted from 1. */
  readonly run?: number | undefined
  /** Only so many last lines. */
  readonly tail?: number | undefined
  /** Only what was written from this moment on, ISO 8601. */
  readonly since?: string | undefined
  /** Go on with what is written until the mission has exited. */
  readonly follow?: boolean | undefined
  /** What an agent that talks wrote, and not what it says. */
  readonly raw?: boolean | undefined
}

export interface OutputQuery extends CallOptions {
  readonly run?: number | undefined
  /** The offset in bytes to begin at. */
  readonly from?: number | undefined
}

export interface HookQuery extends CallOptions {
  /** Only of this hook. Default: of all. */
  readonly hook?: string | undefined
}

export interface EventQuery extends CallOptions {
  /** Events after this number; 0 for all that are kept. */
  readonly since?: number | undefined
  /** Only those of one mission: id, name or unique id prefix. */
  readonly mission?: string | undefined
  /** Go on with events as they happen, until the signal. */
  readonly follow?: boolean | undefined
}

/**
 * Where a `ref` is taken, an id, a name or a unique prefix of an id will do. Every method may throw
 * `ApiError` (the daemon refused), `DaemonNotRunning` (nothing was sent), `ConnectionFailed` (it is not known
 * whether it happened) or the reason of its signal.
 *
 * @example
 * ```ts
 * const client = createClient()
 * const { id } = await client.start({ command: 'npm test', cwd: process.cwd() })
 * const { exit_code } = await client.wait(id)
 * ```
 */
export interface OvermindClient {
  /** The path of the daemon's socket. */
  readonly socket: string
  status(options?: CallOptions): Promise<DaemonStatus>
  /** Resolves when all missions are stopped, or left running with `keep`; the daemon exits right after. */
  shutdown(
    options?: CallOptions & { readonly keep?: boolean | undefined },
  ): Promise<{ readonly stopped: number }>
  start(request: StartRequest, options?: CallOptions): Promise<MissionView>
  /** All missions that match, the oldest first; only the fields asked for, when some are. */
  list<Field extends keyof MissionView = keyof MissionView>(
    query?: ListQuery & { readonly fields?: readonly Field[] | undefined },
  ): Promise<Omit<MissionList, 'missions'> & { readonly missions: readonly Pick<MissionView, Field>[] }>
  /** The same as a table for people, drawn by the daemon because a command that has only just started is slow at it. */
  table(query?: ListQuery & TableQuery): AsyncIterable<Buffer>
  /** Changes after the revision of a list. After `list_again` the stream ends: list, and watch from there. */
  watch(since: number, query?: ListQuery): AsyncIterable<WatchMessage>
  get(ref: string, options?: CallOptions): Promise<MissionView>
  describe(ref: string, options?: CallOptions): Promise<Description>
  /** Resolves once the mission has exited. `timeoutMs`: from asking to SIGKILL. */
  stop(ref: string, options?: CallOptions & { readonly timeoutMs?: number | undefined }): Promise<MissionView>
  /** Resolves once no process of the mission is left; with `cascade`, of all that belongs to it, children first. */
  kill(ref: string, options?: CallOptions & { readonly cascade?: boolean | undefined }): Promise<MissionView>
  /** Resolves once the next run has started. */
  restart(ref: string, options?: CallOptions): Promise<MissionView>
  /** Resolves once the mission has exited; `ApiError` with code `timeout` after `timeoutMs`. */
  wait(ref: string, options?: CallOptions & { readonly timeoutMs?: number | undefined }): Promise<MissionView>
  /** Forgets an exited mission and its output. */
  remove(ref: string, options?: CallOptions): Promise<void>
  /** Forgets all missions that exited so long ago; all exited ones without `olderThanMs`. */
  prune(options?: CallOptions & { readonly olderThanMs?: number | undefined }): Promise<Pruned>
  /** Output as bytes, as written, with a line of Overmind's between runs; `timestamps` before each line. */
  logs(ref: string, query?: LogQuery & { readonly timestamps?: boolean | undefined }): AsyncIterable<Buffer>
  logLines(ref: string, query?: LogQuery): AsyncIterable<LogLine>
  /** Output of one run, not a byte added. */
  output(ref: string, query?: OutputQuery): AsyncIterable<Buffer>
  /** Says something to a session; resolves when it is safe, and will be told. */
  send(ref: string, text: string, options?: CallOptions): Promise<MessageView>
  /** Resolves once a message has been answered; `ApiError` with code `timeout` after `timeoutMs`. */
  answer(
    ref: string,
    message: string,
    options?: CallOptions & { readonly timeoutMs?: number | undefined },
  ): Promise<AnswerView>
  /** What a mission says, as it says it; the last is `{"type":"exit"}`. `all`: begin with what it has said before. */
  subscribe(
    ref: string,
    options?: CallOptions & { readonly all?: boolean | undefined },
  ): AsyncIterable<Readonly<Record<string, unknown>>>
  /**
   * The same of several missions at once, each with the reference that it was asked for by; ends when all have exited. Each takes one
   * of the client's connections.
   */
  subscribeAll(
    refs: readonly string[],
    options?: CallOptions & { readonly all?: boolean | undefined },
  ): AsyncIterable<{ readonly mission: string; readonly said: Readonly<Record<string, unknown>> }>
  /** The last answer of an agent; `ApiError` with code `no_result` when there is none. */
  result(ref: string, options?: CallOptions): Promise<AnswerView>
  /** Asks an agent to let go of what it is doing. */
  interrupt(ref: string, options?: CallOptions): Promise<MissionView>
  /** Puts an agent on its own terminal, at the end of its turn or at once; resolves when people can attach. */
  sitDown(
    ref: string,
    options?: CallOptions & {
      readonly columns?: number | undefined
      readonly rows?: number | undefined
      readonly interrupt?: boolean | undefined
    },
  ): Promise<MissionView>
  /** Takes an agent off its own terminal, unless somebody sits at it. */
  standUp(ref: string, options?: CallOptions): Promise<MissionView>
  /** What live missions use and have spent. */
  usage(options?: CallOptions): Promise<UsageList>
  /** What agents ask of people, the most urgent first. */
  inbox(options?: CallOptions): Promise<readonly AskView[]>
  /** Answers a question of an agent. */
  decide(
    ref: string,
    ask: string,
    options: CallOptions & { readonly decision: DecisionRequest },
  ): Promise<MissionView>
  events(query?: EventQuery): AsyncIterable<EventView | GapView>
  /**
   * The same as they happen, through the death of the daemon: when it is away, it is asked again from the last number, until the
   * signal. Default: from now on.
   */
  followEvents(query?: Omit<EventQuery, 'follow'>): AsyncIterable<EventView | GapView>
  /** The runs of a mission, the oldest first; at most `limit` of them, the newest. Default: 100. */
  runs(
    ref: string,
    options?: CallOptions & { readonly limit?: number | undefined },
  ): Promise<readonly RunView[]>
  /** The limits on missions at work, and who waits for them. */
  queue(options?: CallOptions): Promise<QueueView>
  /** Teams of missions, those that are over since the daemon started included. */
  teams(options?: CallOptions): Promise<readonly TeamView[]>
  /** Resolves once all members have started. */
  startTeam(request: TeamRequest, options?: CallOptions): Promise<TeamView>
  /** Resolves once no process of its members is left. */
  stopTeam(name: string, options?: CallOptions): Promise<TeamView>
  /** Brings about what a blueprint declares; resolves when its pipeline is at work, or when nothing is to be done. */
  applyPipeline(request: PipelineRequest, options?: CallOptions): Promise<PipelineView>
  /** What that would change. */
  diffPipeline(request: PipelineRequest, options?: CallOptions): Promise<readonly ChangeView[]>
  /** Changes how many copies of agents a pipeline at work has. */
  scalePipeline(
    name: string,
    replicas: Readonly<Record<string, number>>,
    options?: CallOptions,
  ): Promise<PipelineView>
  /** Ends a pipeline with all its agents, and forgets them; how many missions that were. */
  takeDown(name: string, options?: CallOptions): Promise<number>
  /** Reads the daemon's settings again; `ApiError` with code `invalid_config` says what is wrong with them, and nothing has changed. */
  reload(options?: CallOptions): Promise<Reloaded>
  /** Who is told of what, and how that goes. */
  hooks(options?: CallOptions): Promise<readonly HookView[]>
  /** Sends a hook something now, once; resolves to whether it arrived. */
  testHook(name: string, options?: CallOptions): Promise<HookTest>
  /** Events that did not arrive and are not tried again, the newest first. */
  deadDeliveries(options?: HookQuery): Promise<readonly DeadDeliveryView[]>
  /** Tries again what did not arrive; how many events. */
  retryDeliveries(options?: HookQuery): Promise<number>
  /** Forgets what did not arrive; how many events. */
  dropDeliveries(options?: HookQuery): Promise<number>
}

/** Makes a client; nothing is connected before the first call. Default: the socket of `resolveHome()`. */
export function createClient(
  options: { readonly home?: string } | { readonly socket: string } = {},
): OvermindClient {
  const socket = 'socket' in options ? options.socket : socketOf(resolveHome(options.home))
  const connection = connectTo(socket)

  // The places where an answer gets its type.
  const call = async <T>(request: Call): Promise<T> => (await connection.json(request)) as T
  const awaited = async <T>(request: Call): Promise<T> => (await connection.awaited(request)) as T
  const lines = <T>(request: Call): AsyncIterable<T> =>
    readLines(connection.bytes({ accept: NDJSON, ...request })) as AsyncIterable<T>

  const client: OvermindClient = {
    socket,
    status: ({ signal } = {}) => call({ method: 'GET', path: '/v1/status', signal }),
    shutdown: ({ keep = false, signal } = {}) =>
      call({ method: 'POST', path: '/v1/shutdown', body: { keep }, signal }),
    start: (body, { signal } = {}) => call({ method: 'POST', path: '/v1/missions', body, signal }),
    list: ({ signal, fields, ...query } = {}) =>
      call({ method: 'GET', path: path('/v1/missions', { ...query, fields: fields?.join() }), signal }),
    table: ({ signal, ...query } = {}) =>
      connection.bytes({
        method: 'GET',
        path: path('/v1/missions', { ...query }),
        accept: 'text/plain',
        signal,
      }),
    watch: (since, { signal, ...query } = {}) =>
      lines({ method: 'GET', path: path('/v1/missions/watch', { since, ...query }), signal }),
    get: (ref, { signal } = {}) => call({ method: 'GET', path: mission(ref), signal }),
    describe: (ref, { signal } = {}) => call({ method: 'GET', path: mission(ref, '/description'), signal }),
    stop: (ref, { signal, timeoutMs } = {}) => {
      const body = timeoutMs === undefined ? {} : { timeout_ms: timeoutMs }
      return call({ method: 'POST', path: mission(ref, '/stop'), body, signal })
    },
    kill: (ref, { signal, cascade } = {}) => {
      const body = cascade === undefined ? {} : { cascade }
      return call({ method: 'POST', path: mission(ref, '/kill'), body, signal })
    },
    restart: (ref, { signal } = {}) => call({ method: 'POST', path: mission(ref, '/restart'), signal }),
    wait: (ref, { signal, timeoutMs } = {}) =>
      awaited({ method: 'GET', path: path(mission(ref, '/wait'), { timeout_ms: timeoutMs }), signal }),
    remove: (ref, { signal } = {}) => call({ method: 'DELETE', path: mission(ref), signal }),
    prune: ({ signal, olderThanMs } = {}) => {
      const body = olderThanMs === undefined ? {} : { older_than_ms: olderThanMs }
      return call({ method: 'POST', path: '/v1/prune', body, signal })
    },
    logs: (ref, { signal, ...query } = {}) =>
      connection.bytes({
        method: 'GET',
        path: path(mission(ref, '/logs'), query),
        accept: 'text/plain',
        signal,
      }),
    logLines: (ref, { signal, ...query } = {}) =>
      lines({ method: 'GET', path: path(mission(ref, '/logs'), query), signal }),
    output: (ref, { signal, ...query } = {}) => {
      const accept = 'application/octet-stream'
      return connection.bytes({ method: 'GET', path: path(mission(ref, '/output'), query), accept, signal })
    },
    send: (ref, text, { signal } = {}) =>
      call({ method: 'POST', path: mission(ref, '/messages'), body: { text }, signal }),
    answer: (ref, message, { signal, timeoutMs } = {}) => {
      const of = mission(ref, `/messages/${encodeURIComponent(message)}`)
      return awaited({ method: 'GET', path: path(of, { timeout_ms: timeoutMs }), signal })
    },
    subscribe: (ref, { signal, ...query } = {}) =>
      lines({ method: 'GET', path: path(mission(ref, '/subscribe'), query), signal }),
    subscribeAll: (refs, query) =>
      merge([...new Set(refs)].map((ref) => saidBy(ref, client.subscribe(ref, query)))),
    result: (ref, { signal } = {}) => call({ method: 'GET', path: mission(ref, '/result'), signal }),
    interrupt: (ref, { signal } = {}) => call({ method: 'POST', path: mission(ref, '/interrupt'), signal }),
    sitDown: (ref, { signal, ...body } = {}) =>
      awaited({ method: 'PUT', path: mission(ref, '/terminal'), body, signal }),
    standUp: (ref, { signal } = {}) => call({ method: 'DELETE', path: mission(ref, '/terminal'), signal }),
    usage: ({ signal } = {}) => call({ method: 'GET', path: '/v1/usage', signal }),
    inbox: async ({ signal } = {}) =>
      (await call<{ readonly asks: readonly AskView[] }>({ method: 'GET', path: '/v1/inbox', signal })).asks,
    decide: (ref, ask, { decision, signal }) => {
      const of = mission(ref, `/asks/${encodeURIComponent(ask)}`)
      return call({ method: 'POST', path: of, body: decision, signal })
    },
    runs: async (ref, { signal, limit } = {}) =>
      (
        await call<{ readonly runs: readonly RunView[] }>({
          method: 'GET',
          path: path(mission(ref, '/runs'), { limit }),
          signal,
        })
      ).runs,
    queue: ({ signal } = {}) => call({ method: 'GET', path: '/v1/queue', signal }),
    teams: async ({ signal } = {}) =>
      (await call<{ readonly teams: readonly TeamView[] }>({ method: 'GET', path: '/v1/teams', signal }))
        .teams,
    startTeam: (body, { signal } = {}) => call({ method: 'POST', path: '/v1/teams', body, signal }),
    stopTeam: (name, { signal } = {}) =>
      call({ method: 'POST', path: `/v1/teams/${encodeURIComponent(name)}/stop`, signal }),
    applyPipeline: (body, { signal } = {}) => call({ method: 'POST', path: '/v1/pipelines', body, signal }),
    diffPipeline: async (body, { signal } = {}) =>
      (
        await call<{ readonly changes: readonly ChangeView[] }>({
          method: 'POST',
          path: '/v1/pipelines/diff',
          body,
          signal,
        })
      ).changes,
    scalePipeline: (name, replicas, { signal } = {}) => {
      const of = `/v1/pipelines/${encodeURIComponent(name)}/scale`
      return call({ method: 'POST', path: of, body: { replicas }, signal })
    },
    takeDown: async (name, { signal } = {}) => {
      const of = `/v1/pipelines/${encodeURIComponent(name)}/down`
      return (await call<{ readonly removed: number }>({ method: 'POST', path: of, signal })).removed
    },
    reload: ({ signal } = {}) => call({ method: 'POST', path: '/v1/reload', signal }),
    hooks: async ({ signal } = {}) =>
      (await call<{ readonly hooks: readonly HookView[] }>({ method: 'GET', path: '/v1/hooks', signal }))
        .hooks,
    testHook: (name, { signal } = {}) =>
      call({ method: 'POST', path: `/v1/hooks/${encodeURIComponent(name)}/test`, signal }),
    deadDeliveries: async ({ signal, hook } = {}) =>
      (
        await call<{ readonly deliveries: readonly DeadDeliveryView[] }>({
          method: 'GET',
          path: path('/v1/hooks/dead', { hook }),
          signal,
        })
      ).deliveries,
    retryDeliveries: async ({ signal, hook } = {}) => {
      const request = { method: 'POST', path: '/v1/hooks/retry', body: { hook }, signal } as const
      return (await call<{ readonly retried: number }>(request)).retried
    },
    dropDeliveries: async ({ signal, hook } = {}) => {
      const request = { method: 'POST', path: '/v1/hooks/drop', body: { hook }, signal } as const
      return (await call<{ readonly dropped: number }>(request)).dropped
    },
    events: ({ signal, ...query } = {}) => lines({ method: 'GET', path: path('/v1/events', query), signal }),
    followEvents: ({ mission: of, since, signal } = {}) =>
      followEvents(
        {
          newest: async () => (await client.list({ fields: ['id'], signal })).revision,
          events: (after) => client.events({ since: after, mission: of, follow: true, signal }),
        },
        { since, signal },
      ),
  }
  return client
}

const NDJSON = 'application/x-ndjson'

type Words = Readonly<Record<string, unknown>>

async function* saidBy(
  ref: string,
  words: AsyncIterable<Words>,
): AsyncGenerator<{ readonly mission: string; readonly said: Words }> {
  for await (const said of words) yield { mission: ref, said }
}

function mission(ref: string, rest = ''): string {
  return `/v1/missions/${encodeURIComponent(ref)}${rest}`
}

type QueryValue = string | number | boolean | readonly string[] | undefined

/** A path with its query; what is undefined or false is left out, a list is repeated. */
function path(base: string, query: Readonly<Record<string, QueryValue>>): string {
  const pairs = Object.entries(query).flatMap(([key, value]) => {
    if (value === undefined || value === false) return []
    const values = typeof value === 'object' ? value : [String(value)]
    return values.map((each) => `${key}=${encodeURIComponent(each)}`)
  })
  return pairs.length === 0 ? base : `${base}?${pairs.join('&')}`
}
