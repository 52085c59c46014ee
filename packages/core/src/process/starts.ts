/** The runs that are being started: from the wish until their keeper has told that it began. */
import { isShortage, OvermindError, systemCode } from '../model/errors.ts'
import type { Clock } from '../model/time.ts'
import type { Cgroups } from './cgroups/cgroups.ts'
import type { Home } from './home.ts'
import type { HostEvent, Launch } from './host.ts'
import { type KeeperOptions, keeperProcess, NOT_IN_GROUP } from './keeper.ts'
import { checkFolder } from './launch-checks.ts'
import { createLauncher } from './launcher.ts'
import { streamsOf } from './output-streams.ts'
import { openRegularFile } from './regular-file.ts'
import { writeArguments } from './private-arguments.ts'
import { keyOf, type RunRef } from './run-ref.ts'
import { terminalLaunch } from './terminal/launch.ts'

/** How long a keeper may take to begin before its launcher is given up. */
const START_LIMIT_MS = 10_000
/** The launcher is told of so many at a time, so that one that is late is late and not in a long queue. */
const AT_ONCE = 64
/** What a shell ends with when the system does not execute a program. */
const NOT_EXECUTED = 126
/** How often it is looked whether a launcher that died has left anything unfinished. */
const SETTLE_MS = 20
/** How soon it is looked for that again when it could not be. */
const FAILED_MS = 1000

export interface Starts {
  readonly size: number
  start(launch: Launch): void
  /** A run that is being started; undefined when it is not one of them. */
  find(ref: RunRef): Launch | undefined
  /** It has begun: it is being started no more. */
  begun(ref: RunRef): void
  /** The launcher could not start it, or its keeper could not begin. */
  refused(ref: RunRef, code: number): void
  /** Gives up a launcher that has not begun something for too long. */
  checkLate(): void
  /** Settles when nothing more can begin. */
  close(): Promise<void>
}

export interface StartsOptions {
  readonly home: Home
  readonly clock: Clock
  readonly cgroups: Cgroups
  readonly emit: (event: HostEvent) => void
  /** A keeper is about to be told of: it must be heard. */
  readonly onStarting: () => void
  /** Whether there are processes in a session. */
  readonly isBusy: (session: number) => boolean
  /** The launcher is gone. Reports those of these that began after all, by `begun`; false while one may still begin. */
  readonly findBegun: (refs: readonly RunRef[]) => boolean
}

/** Of which only the launcher is still to be told. */
interface Queued {
  readonly launch: Launch
  readonly prepared: Pick<KeeperOptions, 'argv' | 'stdout' | 'stderr' | 'cgroup'>
}

export function createStarts(options: StartsOptions): Starts {
  const { home, clock, cgroups, emit, onStarting, isBusy, findBegun } = options
  const starting = new Map<string, { readonly since: number } & Queued>()
  const queued: Queued[] = []
  let closed = false
  const launcher = createLauncher({
    home,
    onFailure: ({ reason, session, ref }) =>
      settleWhenQuiet(reason, session, new Set(ref === null ? starting.keys() : [keyOf(ref)])),
  })

  /** What was being forked when the launcher died becomes a keeper, and leaves its session, or nothing. */
  function settleWhenQuiet(reason: string, session: number | null, late: ReadonlySet<string>): void {
    const refs = [...starting].filter(([key]) => late.has(key)).map(([, { launch }]) => launch)
    const again = (ms: number): void => void clock.timer(ms, () => settleWhenQuiet(reason, session, late))
    try {
      const unfinished = (session !== null && isBusy(session)) || !findBegun(refs)
      if (unfinished) return again(SETTLE_MS)
    } catch (error) {
      emit({ type: 'fault', error })
      return again(FAILED_MS)
    }
    settle(reason, late)
  }

  /** What the launcher began has been found; what it did not will never begin. Others are with another launcher. */
  function settle(reason: string, late: ReadonlySet<string>): void {
    for (const [key, { launch }] of starting) {
      if (!late.has(key)) continue
      starting.delete(key)
      emit({ type: 'refused', ref: { mission: launch.mission, run: launch.run }, reason, retry: true })
    }
    launchQueued()
  }

  function launchQueued(): void {
    while (starting.size < AT_ONCE) {
      const next = queued.shift()
      if (next === undefined) return
      try {
        begin(next)
      } catch (error) {
        // The system may be short of what the launcher itself needs.
        starting.delete(keyOf(next.launch))
        refused(next.launch, error)
      }
    }
  }

  function begin({ launch, prepared }: Queued): void {
    starting.set(keyOf(launch), { launch, prepared, since: clock.now().monotonic })
    onStarting()
    const kept = launch.streams === 'terminal' ? terminalLaunch(launch, prepared.argv, home) : {}
    const talks = launch.streams === 'talk'
    launcher.launch(launch, keeperProcess({ ...launch, ...prepared, ...kept, home: home.path, talks }))
  }

  /** Makes the files, private from the first byte, sees that there is a folder to start in, and makes the control group. */
  async function prepare(launch: Launch): Promise<Queued['prepared']> {
    const { mission, run, streams, cwd, limits } = launch
    const paths = streamsOf(streams).map((stream) => home.outputFile(mission, run, stream))
    const [stdout, stderr = stdout] = paths
    if (stdout === undefined || stderr === undefined) throw new TypeError('a run has a stream')
    const notes = streams === 'talk' ? [home.inputFile(mission, run, 'told')] : []
    await Promise.all([checkFolder(cwd), ...paths.map(touch), ...notes.map(touch)])
    // Last, and alone: nothing is left of one that is refused.
    const argv = await writeArguments(launch, launch.argv, home)
    const cgroup = limits === null ? null : cgroups.make({ mission, run }, limits).folder
    return { argv, stdout, stderr, cgroup }
  }

  function refused({ mission, run }: RunRef, error: unknown): void {
    const code = systemCode(error)
    const reason =
      error instanceof OvermindError
        ? error.message
        : `the process could not be started: ${code ?? String(error)}`
    emit({ type: 'refused', ref: { mission, run }, reason, retry: isShortage(error) })
  }

  return {
    get size() {
      return starting.size + queued.length
    },
    start: (launch) => {
      prepare(launch).then(
        (prepared) => {
          // It stays on record as about to start, for the next supervisor to start.
          if (closed) return
          queued.push({ launch, prepared })
          launchQueued()
        },
        (error: unknown) => refused(launch, error),
      )
    },
    find: (ref) => starting.get(keyOf(ref))?.launch,
    begun: (ref) => {
      starting.delete(keyOf(ref))
      launchQueued()
    },
    refused: (ref, code) => {
      const found = starting.get(keyOf(ref))
      if (found === undefined) return
      starting.delete(keyOf(ref))
      launchQueued()
      const reason = refusal(code, found.prepared.cgroup)
      const retry = code !== NOT_EXECUTED
      emit({ type: 'refused', ref: { mission: ref.mission, run: ref.run }, reason, retry })
    },
    checkLate: () => {
      const oldest = Math.min(...[...starting.values()].map(({ since }) => since))
      if (clock.now().monotonic - oldest > START_LIMIT_MS) launcher.abort()
    },
    close: () => {
      closed = true
      queued.length = 0
      return launcher.close()
    },
  }
}

function refusal(code: number, cgroup: string | null): string {
  switch (code) {
    case NOT_EXECUTED:
      return 'the system would not start it: its arguments and environment together are too long'
    case NOT_IN_GROUP:
      return `its keeper could not join its control group ${cgroup}`
    default:
      return `the process could not be started (${code})`
  }
}

async function touch(path: string): Promise<void> {
  await (await openRegularFile(path, 'append')).close()
}
