/**
 * The daemon: a runtime, its durable store and its API under one roof, for one user and one home. It is
 * disposable: whatever ends it, the missions go on, and the next daemon of the home takes them over.
 */
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { getRequestListener, RequestError } from '@hono/node-server'
import { acpProvider } from '@overmind/acp'
import { blueprintController, ritualController } from '@overmind/blueprint'
import { claudeProvider } from '@overmind/claude'
import {
  createRuntime,
  isInner,
  mustBeFiles,
  OvermindError,
  prepareHome,
  type Runtime,
  type Status,
  type Store,
  withPrivateMask,
} from '@overmind/core'
import { createApp } from './api/app.ts'
import { answerUnreadable } from './api/problem.ts'
import type { DaemonStatus, Reloaded } from './api/types.ts'
import { iso } from './api/views.ts'
import { readConfig } from './config/read.ts'
import { limitConnections, mostConnections } from './connections.ts'
import { openHooks } from './hooks/hooks.ts'
import { lockHome } from './lock.ts'
import { openLog } from './log.ts'
import { keepCompact } from './store/compaction.ts'
import { openStore } from './store/open-store.ts'
import { VERSION } from './version.ts'

/** The longest path a Unix socket may have on Linux and macOS, whichever is shorter. Bytes. */
const LONGEST_SOCKET_PATH = 103

export interface DaemonOptions {
  /** The folder for everything; made if need be. */
  readonly home: string
  /** Wraps the store, for tests that let it fail. */
  readonly wrapStore?: (store: Store) => Store
}

export interface Daemon {
  readonly socket: string
  readonly runtime: Runtime
  /** Settles when the daemon has ended, by `close` or by a client's wish. */
  readonly closed: Promise<void>
  /** Ends it. Missions are ended first, or kept for the next daemon. Settles with how many were stopped. */
  close(missions: 'stop' | 'keep'): Promise<number>
}

/**
 * Takes over a home: its lock, its store, its missions, its socket.
 *
 * @throws OvermindError `home_in_use`, `home_not_writable`, `home_path_too_long`, `invalid_config`, `store_failed`
 */
export async function startDaemon({
  home: given,
  wrapStore = (store) => store,
}: DaemonOptions): Promise<Daemon> {
  mustFit(resolve(given))
  const { path: home } = await prepareHome(given)
  const socket = mustFit(home)
  mustBeFiles(home, OWN_FILES)
  const lock = lockHome(join(home, 'daemon.lock'))
  const log = openLog(join(home, 'daemon.log'))
  const { logger } = log
  const startedAt = Date.now()
  /** What is undone in the opposite order, all of it, when the daemon ends or cannot start. */
  const held = new AsyncDisposableStack()

  async function letGo(): Promise<void> {
    try {
      await held.disposeAsync()
      logger.info('ended')
    } catch (error) {
      logger.error({ err: error }, 'ended, and something could not be undone')
    }
    await log.close()
    lock.release()
  }

  try {
    if (await answers(socket)) throw new OvermindError('home_in_use', `another daemon answers on ${socket}`)
    const { config } = readConfig(home)
    const { store, replaced } = openStore(join(home, 'overmind.db'), new Date())
    held.defer(() => store.close())
    const present = store.last()
    const beginHooks = openHooks({ tables: store.tables, home, logger, hooks: config.hooks, present })
    if (replaced !== null) {
      logger.error(replaced, 'the store was damaged and has been set aside')
      store.commit({ events: [{ type: 'store.replaced', at: Date.now(), ...replaced }] })
    }
    for (const { id, reason } of store.damaged) {
      logger.error({ id, reason }, 'a mission was damaged and has been set aside')
      store.commit({ events: [{ type: 'store.mended', at: Date.now(), id, reason }] })
    }
    const runtime = await createRuntime({
      home,
      // Hooks note what they have delivered until the very end.
      store: wrapStore({ ...store, close: () => {} }),
      providers: [claudeProvider(), acpProvider()],
      controllers: [blueprintController(), ritualController()],
      concurrency: config.limits,
      onFault: (error) => logger.error({ err: error }, 'something could not be done'),
    })
    logger.info({ version: VERSION, home, ...runtime.recovery }, 'started')

    const hooks = beginHooks(runtime)
    // They are told of the runtime's end, too.
    held.defer(() => hooks.close())
    held.defer(() => runtime.close({ missions: 'keep' }))
    const endCompaction = keepCompact(store, {
      onFault: (error) => logger.error({ err: error }, 'the store could not be made smaller'),
    })
    held.defer(endCompaction)

    const { promise: closed, resolve: ended } = Promise.withResolvers<void>()
    let closing: Promise<number> | undefined

    async function end(missions: 'stop' | 'keep'): Promise<number> {
      const live = runtime.list().filter((mission) => mission.view().state.exit === null).length
      logger.info({ missions, live }, 'ending')
      await runtime.close({ missions })
      void letGo().then(ended)
      return missions === 'stop' ? live : 0
    }

    function reload(): Reloaded {
      const { path, exists, config: found } = readConfig(home)
      const changes = hooks.change(found.hooks)
      runtime.limit(found.limits)
      const { missions = null, providers, colonies } = found.limits
      logger.info({ path, exists, hooks: found.hooks.length }, 'reloaded')
      return { path, exists, limits: { missions, providers, colonies }, hooks: changes }
    }

    /** One that fails, as on a full disk, may be tried again. */
    function close(missions: 'stop' | 'keep'): Promise<number> {
      closing ??= end(missions).catch((error: unknown) => {
        closing = undefined
        logger.error({ err: error }, 'could not end')
        throw error
      })
      return closing
    }

    const app = createApp(
      {
        runtime,
        hooks,
        reload,
        status: () => statusOf(runtime, home, startedAt),
        shutdown: (keep) => close(keep ? 'keep' : 'stop'),
        onError: (error) => logger.error({ err: error }, 'a request failed'),
      },
      { version: VERSION },
    )
    const handle = getRequestListener(app.fetch, {
      errorHandler: (error) => {
        if (!(error instanceof RequestError)) throw error
        return answerUnreadable(error)
      },
    })
    const server = createServer(PATIENCE, (request, response) => void handle(request, response))
    limitConnections(server, mostConnections())
    await listen(server, socket)
    held.defer(() => endServer(server, socket))
    // One connection that cannot be taken is no reason to fall.
    server.on('error', (error) => logger.error({ err: error }, 'a connection failed'))
    return { socket, runtime, closed, close }
  } catch (error) {
    logger.fatal({ err: error }, 'could not start')
    await letGo()
    throw error
  }
}

/** How long a client may take to ask; answers wait for missions as long as those take. Milliseconds. */
const PATIENCE = {
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  connectionsCheckingInterval: 5000,
  keepAliveTimeout: 60_000,
} as const

/** The path of a home's socket. @throws OvermindError `home_path_too_long` */
function mustFit(home: string): string {
  const socket = join(home, 'overmind.sock')
  if (Buffer.byteLength(socket) <= LONGEST_SOCKET_PATH) return socket
  throw new OvermindError(
    'home_path_too_long',
    `a socket's path may have ${LONGEST_SOCKET_PATH} bytes, this one has more: ${socket}; choose a shorter OVERMIND_HOME`,
  )
}

/** What the daemon itself writes in its home. */
const OWN_FILES: readonly string[] = [
  'daemon.lock',
  'daemon.lock-journal',
  'daemon.log',
  'overmind.db',
  'overmind.db-wal',
  'overmind.db-shm',
  'overmind.db.reserve',
]

/** How long answers under way have to be taken when the daemon ends. Milliseconds. */
const GRACE_MS = 100

/** A socket that nobody answers on is what a killed daemon left. */
function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket)
    connection.once('connect', () => {
      connection.destroy()
      resolve(true)
    })
    connection.once('error', () => resolve(false))
  })
}

async function listen(server: Server, socket: string): Promise<void> {
  await rm(socket, { force: true })
  const listening = once(server, 'listening')
  // A wide queue: many commands at once are the normal case, not the exception.
  withPrivateMask(() => server.listen({ path: socket, backlog: 1024 }))
  await listening
}

/** Answers under way are finished; streams have ended with the runtime. */
async function endServer(server: Server, socket: string): Promise<void> {
  server.close()
  server.closeIdleConnections()
  await pause(GRACE_MS)
  server.closeAllConnections()
  await rm(socket, { force: true })
}

function statusOf(runtime: Runtime, home: string, startedAt: number): DaemonStatus {
  const counts: Record<Status, number> = {
    pending: 0,
    running: 0,
    stalled: 0,
    restarting: 0,
    stopped: 0,
    crashed: 0,
    killed: 0,
  }
  let processes = 0
  const missions = runtime.list()
  for (const mission of missions) {
    const { status, state } = mission.view()
    counts[status] += 1
    const alive = state.exit === null && state.ended === null ? state.process : null
    // A controller's is the daemon's own.
    if (alive !== null && !isInner(alive)) processes += 1
  }
  return {
    pid: process.pid,
    version: VERSION,
    home,
    host: hostname(),
    node_version: process.version,
    started_at: iso(startedAt),
    uptime_ms: Date.now() - startedAt,
    memory_bytes: process.memoryUsage.rss(),
    processes,
    missions: { ...counts, total: missions.length },
    cgroups: runtime.cgroups(),
    revision: runtime.revision(),
  }
}
