/**
 * The runtime: missions, their processes and their journal under one roof. It holds no truth of its own:
 * what it knows is in the store and on the disk, so that the next runtime over the same home goes on
 * where this one stopped, however it stopped.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createJournal, type Journal, type SubscribeOptions } from '../journal/journal.ts'
import { createMemoryStore } from '../journal/memory-store.ts'
import type { Store } from '../journal/store.ts'
import { initialState } from '../mission/machine.ts'
import { recordFromKeeper } from '../mission/keeper-copy.ts'
import { createMission, type MissionActor, type MissionDeps } from '../mission/mission.ts'
import { OvermindError } from '../model/errors.ts'
import type { EventDraft, Gap, JournalEvent, JournalMissionEvent } from '../model/events.ts'
import { type MissionId, newMissionId, type Random, type Seq, seq } from '../model/ids.ts'
import { generateName } from '../model/names.ts'
import { type MissionInput, parseMission } from '../model/spec.ts'
import type { MissionRecord } from '../model/state.ts'
import { type Clock, systemClock } from '../model/time.ts'
import { checkLaunch } from '../process/launch-checks.ts'
import { prepareHome } from '../process/home.ts'
import type { Abandoned, HostEvent, ProcessHost } from '../process/host.ts'
import { createKeeperHost } from '../process/keeper-host.ts'
import { createProcessTable } from '../process/system-table.ts'
import type { Provider } from '../provider/provider.ts'
import { rawProvider } from '../provider/raw.ts'
import { missionHandle } from './handle.ts'
import { isOf, type Mission } from './mission-handle.ts'
import { createOutputFiles } from './output-files.ts'
import { type Named, resolveMission } from './resolve.ts'

/** How long a note about output may wait for company before it is written. Milliseconds. */
const MARKS_WAIT_MS = 50

export interface RuntimeOptions {
  /** The folder for all files, made if need be and private to its owner. Default: a temporary one that is gone at the end. */
  readonly home?: string
  /** Where missions and events are kept. Default: in memory. */
  readonly store?: Store
  /** Providers besides `raw`. */
  readonly providers?: readonly Provider[]
  /** Told of faults that are nobody's request, such as a full disk while an exit is noted. Default: emitted as a process warning. */
  readonly onFault?: (error: unknown) => void
  readonly clock?: Clock
  readonly random?: Random
}

export interface CloseOptions {
  /**
   * `stop`: missions are ended by their ladder first. `keep`: they go on without a supervisor, for the
   * next runtime over the same home. Default: `stop`.
   */
  readonly missions?: 'stop' | 'keep'
}

/** What was found of the missions that an earlier runtime left running. */
export interface Recovery {
  readonly adopted: number
  readonly ended: number
  readonly lost: number
}

export interface Runtime extends AsyncDisposable {
  readonly home: string
  readonly recovery: Recovery
  /**
   * Starts a mission; settles when its process runs, or is found unable to.
   *
   * @throws OvermindError `invalid_spec` and its kind when the description is wrong, `name_taken`,
   * `unknown_provider`, `cwd_not_found`, `command_not_found` and the like: then nothing was started.
   */
  start(input: MissionInput): Promise<Mission>
  /** The mission that an id, a name, or the unique beginning of an id means. @throws OvermindError `not_found`, `ambiguous_id` */
  get(reference: string): Mission
  /** All missions, the oldest first. */
  list(): readonly Mission[]
  /** Forgets an exited mission, its events and its output. @throws OvermindError `not_found`, `not_exited` */
  remove(reference: string): Promise<void>
  /** What happens, numbered. */
  events(options?: SubscribeOptions): AsyncIterableIterator<JournalEvent | Gap>
  /** The number of the newest event: the revision that a list belongs to. */
  revision(): Seq
  /** A second call does nothing. */
  close(options?: CloseOptions): Promise<void>
}

/**
 * @example
 * ```ts
 * await using runtime = await createRuntime()
 * const mission = await runtime.start({ command: 'echo hello' })
 * const { code } = await mission.exited()
 * ```
 */
export async function createRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  const { clock = systemClock, random = Math.random, onFault = warn } = options
  const temporary = options.home === undefined
  const home = await prepareHome(options.home ?? (await mkdtemp(join(tmpdir(), 'overmind-'))))
  const store = options.store ?? createMemoryStore()
  const journal = createJournal(store)
  const host = createKeeperHost({ home, clock, table: createProcessTable() })
  const providers = new Map(
    [rawProvider, ...(options.providers ?? [])].map((provider) => [provider.name, provider]),
  )
  const outputs = createOutputFiles(home, store)

  interface Entry extends Named {
    readonly actor: MissionActor
    readonly handle: Mission
  }
  const entries = new Map<MissionId, Entry>()
  const names = new Map<string, MissionId>()
  let closing: Promise<void> | undefined
  const deps = missionDeps(journal, host, { clock, random, onFault })

  function enter(record: MissionRecord): Entry {
    const provider = providers.get(record.spec.provider) ?? rawProvider
    const actor = createMission(record, { ...deps, provider })
    const handle = missionHandle(actor, {
      journal,
      lastActivity: () => outputs.lastActivity(actor.record()),
      history: (query) =>
        store
          .events({ ...query, after: seq(0), mission: record.id, newestFirst: true })
          .filter((event): event is JournalMissionEvent => isOf(record.id, event)),
      outputFiles: () => outputs.files(actor.record()),
      read: (run, readOptions) => outputs.read(actor, run, readOptions),
      reclaimName: () => reclaim(entry),
    })
    const entry: Entry = {
      id: record.id,
      name: record.name,
      createdAt: record.createdAt,
      actor,
      handle,
      get live() {
        return actor.record().state.exit === null
      },
    }
    entries.set(record.id, entry)
    if (entry.live) names.set(record.name, record.id)
    return entry
  }

  /** Takes back `enter`, for a mission that could not be written. */
  function leave({ id, name }: Pick<MissionRecord, 'id' | 'name'>): void {
    entries.delete(id)
    if (names.get(name) === id) names.delete(name)
  }

  function holderOf(name: string): Entry | undefined {
    const id = names.get(name)
    const holder = id === undefined ? undefined : entries.get(id)
    return holder?.live === true ? holder : undefined
  }

  function mustBeFree(name: string): void {
    const holder = holderOf(name)
    if (holder === undefined) return
    throw new OvermindError(
      'name_taken',
      `the name ${name} is taken by mission ${holder.id} (${holder.actor.status()}): choose another or stop it`,
      { field: 'name', value: name },
    )
  }

  /** An exited mission that is to run again needs its name back. */
  function reclaim({ id, name, live }: Entry): void {
    if (live) return
    mustBeFree(name)
    names.set(name, id)
  }

  function freshId(): MissionId {
    let id = newMissionId(random)
    while (entries.has(id)) id = newMissionId(random)
    return id
  }

  async function start(input: MissionInput): Promise<Mission> {
    if (closing !== undefined)
      throw new OvermindError('runtime_closed', 'the runtime is closed: nothing can be started')
    const { name: given, spec, env } = parseMission(input, { cwd: process.cwd(), env: process.env })
    if (!providers.has(spec.provider)) {
      const known = [...providers.keys()].join(', ')
      throw new OvermindError(
        'unknown_provider',
        `provider must be one of ${known}: got ${JSON.stringify(spec.provider)}`,
        {
          field: 'provider',
          value: spec.provider,
        },
      )
    }
    if (given !== undefined) mustBeFree(given)
    await checkLaunch(spec.command, spec.cwd, env)
    // From here to the commit nothing else can happen, so a name cannot be given out twice.
    if (given !== undefined) mustBeFree(given)
    const id = freshId()
    const name = given ?? generateName((candidate) => holderOf(candidate) !== undefined, random)
    const record: MissionRecord = { id, name, spec, env, createdAt: clock.now().wall, state: initialState }
    const { actor, handle } = enter(record)
    try {
      actor.launch()
    } catch (error) {
      leave(record)
      throw error
    }
    await actor.until(({ phase }) => phase !== 'pending.queued' && phase !== 'running.starting')
    return handle
  }

  function onHostEvent(event: HostEvent): void {
    const { mission, run } = event.ref
    const at = clock.now().wall
    switch (event.type) {
      case 'started':
        entries.get(mission)?.actor.tell({ type: 'spawned', run, process: event.process, at: event.at })
        return
      case 'refused':
      case 'exited':
      case 'emptied':
        entries.get(mission)?.actor.tell({ ...event, run })
        return
      case 'orphaned':
        deps.note({
          type: 'run.orphaned',
          mission,
          run,
          at,
          reason: 'its keeper was ended from outside; the command goes on',
        })
        return
      case 'output':
        deps.note({
          type: 'run.output',
          mission,
          run,
          at,
          stream: event.stream,
          from: event.from,
          to: event.to,
        })
        return
      case 'trimmed':
        deps.note(
          event.trimmed.kind === 'trimmed'
            ? { type: 'run.trimmed', mission, run, at, stream: event.stream, to: event.trimmed.to }
            : { type: 'run.untrimmed', mission, run, at, reason: event.trimmed.reason },
        )
        return
      case 'fault':
        onFault(event.error)
    }
  }

  /** Finds out what became of the missions that an earlier runtime left. */
  function recover(): Recovery {
    const waiting: Entry[] = []
    const abandoned: Abandoned[] = []
    const known = journal.missions().map(enter)
    for (const entry of known) {
      const { state, spec } = entry.actor.record()
      if (!entry.live || state.phase === 'pending.queued' || state.phase === 'restarting.backoff') continue
      waiting.push(entry)
      const provider = providers.get(spec.provider) ?? rawProvider
      abandoned.push({
        mission: entry.id,
        run: state.run,
        process: state.process,
        startedAt: state.startedAt,
        streams: provider.invoke(spec).streams,
        outputLimitBytes: spec.outputLimitBytes,
        seen: outputs.seen(entry.id, state.run),
      })
    }
    const findings = host.recover(abandoned)
    let [adopted, ended, lost] = [0, 0, 0]
    for (const [index, entry] of waiting.entries()) {
      const finding = findings[index]
      if (finding === undefined) throw new TypeError('recover() answers for each run')
      const { actor, id: mission } = entry
      const { run, phase } = actor.record().state
      switch (finding.kind) {
        case 'alive': {
          adopted += 1
          const { process, at } = finding.launched
          if (phase === 'running.starting') actor.tell({ type: 'spawned', run, process, at })
          deps.note({ type: 'run.adopted', mission, run, at: clock.now().wall, pid: process.pid })
          break
        }
        case 'ended': {
          if (finding.exit.kind === 'lost') lost += 1
          else ended += 1
          const { exit, left } = finding
          actor.tell({ type: 'exited', run, exit, left, receipt: { signals: [], strays: 0, left: [] } })
          break
        }
        case 'never-started':
          if (actor.record().state.ending === null) actor.resumeStart()
          else
            actor.tell({
              type: 'refused',
              run,
              reason: 'the supervisor ended before it was started',
              retry: false,
            })
      }
    }
    adopted += adoptUnknown()
    for (const { actor, live } of entries.values()) {
      if (!live) continue
      if (actor.record().state.phase === 'pending.queued') actor.tell({ type: 'launch' })
      actor.resume()
    }
    return { adopted, ended, lost }
  }

  /** Missions that live but are not in the store: it was deleted, or had to be set aside. */
  function adoptUnknown(): number {
    const records = host.unknownKeepers().map(recordFromKeeper)
    const found = records
      .filter((record) => record !== null && !entries.has(record.id))
      .filter((record) => record !== null)
    const runs = found.map((record): Abandoned => {
      const { state, spec } = record
      const { streams } = (providers.get(spec.provider) ?? rawProvider).invoke(spec)
      return {
        mission: record.id,
        run: state.run,
        process: state.process,
        startedAt: state.startedAt,
        streams,
        outputLimitBytes: spec.outputLimitBytes,
        seen: {},
      }
    })
    for (const record of found) {
      const { id: mission, name, spec, createdAt: at } = record
      deps.commit({ events: [{ type: 'mission.created', mission, at, name, spec }], put: [record] })
      enter(record)
      deps.note({
        type: 'run.adopted',
        mission: record.id,
        run: record.state.run,
        at: clock.now().wall,
        pid: record.state.process?.pid ?? 0,
      })
    }
    host.recover(runs)
    return found.length
  }

  async function close({ missions = 'stop' }: CloseOptions = {}): Promise<void> {
    if (missions === 'stop') await stopAll()
    for (const { actor } of entries.values()) actor.close()
    host.close()
    deps.flush()
    journal.commit({ events: [{ type: 'runtime.stopped', at: clock.now().wall }] })
    journal.close()
    if (temporary && missions === 'stop') await rm(home.path, { recursive: true, force: true })
  }

  async function stopAll(): Promise<void> {
    const live = [...entries.values()].filter((entry) => entry.live)
    for (const { actor } of live) actor.request({ type: 'stop', timeoutMs: null })
    await Promise.all(live.map(({ actor }) => actor.exited()))
  }

  host.listen(onHostEvent)
  const recovery = recover()
  deps.commit({ events: [{ type: 'runtime.started', at: clock.now().wall, pid: process.pid, ...recovery }] })

  const runtime: Runtime = {
    home: home.path,
    recovery,
    start,
    get: (reference) =>
      resolveMission(reference, entries as ReadonlyMap<string, Entry>, entries.values()).handle,
    list: () => [...entries.values()].map(({ handle }) => handle),
    async remove(reference) {
      const { id, name, live, actor } = resolveMission(
        reference,
        entries as ReadonlyMap<string, Entry>,
        entries.values(),
      )
      if (live)
        throw new OvermindError(
          'not_exited',
          `mission ${id} (${name}) is ${actor.status()}: stop or kill it first`,
        )
      const { run } = actor.record().state
      deps.commit({ remove: [id], events: [{ type: 'mission.removed', mission: id, at: clock.now().wall }] })
      leave({ id, name })
      await outputs.remove(id, run)
    },
    events: (subscribe) => journal.subscribe(subscribe),
    revision: () => journal.last(),
    close: (closeOptions) => (closing ??= close(closeOptions)),
    [Symbol.asyncDispose]: () => (closing ??= close()),
  }
  return runtime
}

interface SharedDeps extends Omit<MissionDeps, 'provider'> {
  /** Writes an event with the next change, or soon: for what only adds detail. */
  note(event: EventDraft): void
  flush(): void
}

function missionDeps(
  journal: Journal,
  host: ProcessHost,
  {
    clock,
    random,
    onFault,
  }: { readonly clock: Clock; readonly random: Random; readonly onFault: (error: unknown) => void },
): SharedDeps {
  let notes: EventDraft[] = []
  let cancel: (() => void) | undefined

  function flush(): void {
    cancel?.()
    cancel = undefined
    if (notes.length === 0) return
    const events = notes
    notes = []
    try {
      journal.commit({ events })
    } catch (error) {
      onFault(error)
    }
  }

  return {
    clock,
    random,
    host,
    fault: onFault,
    commit: (change) => {
      const before = notes
      journal.commit(before.length === 0 ? change : { ...change, events: [...before, ...change.events] })
      notes = notes.slice(before.length)
    },
    note: (event) => {
      notes.push(event)
      cancel ??= clock.timer(MARKS_WAIT_MS, flush)
    },
    flush,
  }
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error))
}
