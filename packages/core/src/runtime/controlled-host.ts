/** A process host that also runs what is no process: for missions of controllers, beside those that have a keeper. */
import { isShortage } from '../model/errors.ts'
import type { ProcessExit, SentSignal } from '../model/exit.ts'
import { KILLED, TERMINATED } from '../model/signals.ts'
import type { ProcessIdentity } from '../model/state.ts'
import type { Clock, Instant } from '../model/time.ts'
import type { Home } from '../process/home.ts'
import type { Abandoned, Finding, HostEvent, Launch, ProcessHost } from '../process/host.ts'
import { evidenceOf } from '../process/output-tail.ts'
import { type OutputStreams, watchStreams } from '../process/output-streams.ts'
import { openRegular } from '../process/regular-file.ts'
import { keyOf, type RunRef } from '../process/run-ref.ts'
import type { Control } from './controller.ts'
import { type ControllerLog, controllerLog } from './controller-log.ts'

/** What a controller that failed itself ends with. */
const BROKEN = 70

export interface ControlledHostOptions {
  readonly home: Home
  readonly clock: Clock
  /** Begins a run of a controller, once the runtime is there; undefined when its mission is gone. */
  begin(ref: RunRef, resumed: boolean, log: (line: string) => void): Promise<Control | undefined>
  /** Opens a log for append. Default: the system's. */
  readonly openLog?: (path: string) => number
}

interface Controlled {
  readonly ref: RunRef
  readonly at: Instant
  readonly log: ControllerLog
  readonly outputs: OutputStreams
  readonly signals: SentSignal[]
  control: Control | undefined
  /** What it has been asked before it was there. */
  asked: 'ask' | 'force' | undefined
}

function unwritable(error: unknown): string {
  return `its log cannot be written: ${error instanceof Error ? error.message : String(error)}`
}

/** Whether what stands for a process is none. */
export function isInner({ start }: ProcessIdentity): boolean {
  return start === INNER
}

const INNER = 'inside'

export interface ControlledHost extends ProcessHost {
  /** What a controller says that it does in a run; nothing when none does the run. */
  doing(ref: RunRef): readonly string[]
}

export function controlledHost(host: ProcessHost, options: ControlledHostOptions): ControlledHost {
  const { home, clock, begin, openLog = (path) => openRegular(path, 'append') } = options
  const live = new Map<string, Controlled>()
  let closed = false
  let emit: (event: HostEvent) => void = () => {}

  const identity = (): ProcessIdentity => ({ pid: process.pid, start: INNER, boot: host.boot })

  const faulty = (error: unknown): void => emit({ type: 'fault', error })

  function logOf({ mission, run }: RunRef): ControllerLog {
    const path = home.outputFile(mission, run, 'output')
    return controllerLog({ open: () => openLog(path), clock, onFault: faulty })
  }

  function enter(
    log: ControllerLog,
    ref: RunRef,
    { at, ...about }: Pick<Abandoned, 'outputLimitBytes' | 'activity' | 'seen'> & { readonly at: Instant },
  ): Controlled {
    const run: Controlled = {
      ref,
      at,
      log,
      outputs: watchStreams(
        { ...ref, ...about, streams: 'inner' },
        { home, clock, emit: (event) => emit(event) },
      ),
      signals: [],
      control: undefined,
      asked: undefined,
    }
    live.set(keyOf(ref), run)
    return run
  }

  function control(run: Controlled, resumed: boolean): void {
    const log = (line: string): void => {
      if (!closed && live.get(keyOf(run.ref)) === run) run.log.say(line)
    }
    begin(run.ref, resumed, log)
      .then((begun) => {
        if (begun === undefined || closed) return begun?.leave()
        run.control = begun
        if (run.asked !== undefined) begun.end(run.asked)
        return begun.over.then((code) => over(run, code))
      })
      .catch((error: unknown) => {
        if (closed) return
        faulty(error)
        log(error instanceof Error ? error.message : String(error))
        over(run, BROKEN)
      })
  }

  function endOf({ monotonic: since }: Instant, code: number): ProcessExit {
    const { wall, monotonic } = clock.now()
    return { kind: 'code', code, at: wall, ran: Math.max(0, monotonic - since) }
  }

  function over(run: Controlled, code: number): void {
    if (closed || !live.delete(keyOf(run.ref))) return
    const exit = endOf(run.at, run.asked === undefined ? code : run.asked === 'force' ? KILLED : TERMINATED)
    run.log.close()
    const paths = [...run.outputs.values()].map(({ path, watch }) => {
      watch.check()
      watch.close()
      return path
    })
    emit({
      type: 'exited',
      ref: run.ref,
      exit: evidenceOf(exit, paths[0] ?? ''),
      left: 0,
      receipt: { signals: run.signals, strays: 0, left: [] },
    })
  }

  function start({ mission, run, outputLimitBytes, activity }: Launch): void {
    const ref: RunRef = { mission, run }
    const at = clock.now()
    const log = logOf(ref)
    try {
      log.open()
    } catch (error) {
      const retry = isShortage(error)
      // Whoever asked is not done asking.
      queueMicrotask(() => emit({ type: 'refused', ref, reason: unwritable(error), retry }))
      return
    }
    const begun = enter(log, ref, { at, outputLimitBytes, activity, seen: {} })
    queueMicrotask(() => {
      emit({ type: 'started', ref, process: identity(), at })
      control(begun, false)
    })
  }

  function goOn({ mission, run, process: before, startedAt, ...about }: Abandoned): Finding {
    if (before === null) return { kind: 'never-started' }
    const ref: RunRef = { mission, run }
    const at = startedAt ?? clock.now()
    const log = logOf(ref)
    try {
      log.open()
    } catch (error) {
      faulty(error)
      // What it says waits for a shortage to pass. With something else in the place of its log all others are to be found.
      if (!isShortage(error))
        return { kind: 'ended', exit: { ...endOf(at, BROKEN), tail: unwritable(error) }, left: 0 }
    }
    const found = enter(log, ref, { ...about, at })
    queueMicrotask(() => control(found, true))
    return { kind: 'alive', launched: { process: before, at } }
  }

  return {
    ...host,
    listen(listener) {
      emit = listener
      host.listen(listener)
    },
    spawn: (launch) => (launch.streams === 'inner' ? start(launch) : host.spawn(launch)),
    recover(runs) {
      const others = host.recover(runs.filter(({ streams }) => streams !== 'inner'))
      let next = 0
      return runs.map((run) => {
        if (run.streams === 'inner') return goOn(run)
        const finding = others[next]
        next += 1
        if (finding === undefined) throw new TypeError('recover() answers for each run')
        return finding
      })
    },
    async signal(ref, signal) {
      const run = live.get(keyOf(ref))
      if (run === undefined) return host.signal(ref, signal)
      run.signals.push({ signal, processes: 0, at: clock.now().wall })
      run.asked = signal === 'SIGKILL' || run.asked === 'force' ? 'force' : 'ask'
      run.control?.end(run.asked)
    },
    doing: (ref) => live.get(keyOf(ref))?.control?.doing() ?? [],
    async giveUp(ref) {
      const run = live.get(keyOf(ref))
      if (run === undefined) return host.giveUp(ref)
      run.control?.leave()
      over(run, KILLED)
    },
    quietFor(ref) {
      const run = live.get(keyOf(ref))
      if (run === undefined) return host.quietFor(ref)
      return Math.min(...[...run.outputs.values()].map(({ watch }) => watch.quietFor()))
    },
    async close() {
      closed = true
      for (const { control, log, outputs } of live.values()) {
        control?.leave()
        log.close()
        for (const { watch } of outputs.values()) watch.close()
      }
      live.clear()
      await host.close()
    },
  }
}
