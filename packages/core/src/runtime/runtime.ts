/**
 * The runtime: missions, their processes and their journal under one roof. It holds no truth of its own:
 * what it knows is in the store and on the disk, so that the next runtime over the same home goes on
 * where this one stopped, however it stopped.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createJournal } from '../journal/journal.ts'
import { createMemoryStore } from '../journal/memory-store.ts'
import type { Store } from '../journal/store.ts'
import { newConversation } from '../mission/conversation.ts'
import { initialState } from '../mission/machine.ts'
import { createMission } from '../mission/mission.ts'
import { OvermindError } from '../model/errors.ts'
import type { JournalMissionEvent } from '../model/events.ts'
import type { Conversation } from '../model/conversation.ts'
import { isMissionId, type MissionId, newUuid, type Random, seq } from '../model/ids.ts'
import type { ConcurrencyLimits } from '../model/concurrency.ts'
import type { MissionInput, MissionSpec } from '../model/spec.ts'
import { hasBegun, type MissionRecord, type MissionState, waitsToRun } from '../model/state.ts'
import { type Clock, systemClock } from '../model/time.ts'
import { prepareHome } from '../process/home.ts'
import { createKeeperHost } from '../process/keeper-host.ts'
import { keyOf, type RunRef } from '../process/run-ref.ts'
import { createProcessTable } from '../process/system-table.ts'
import { NOBODY, readAttached } from '../process/terminal/attached.ts'
import type { Provider } from '../provider/provider.ts'
import { killDescendants } from './cascade.ts'
import { controlledHost } from './controlled-host.ts'
import { type Admission, createAdmission, type Prepared } from './admission.ts'
import type { Control, Controller } from './controller.ts'
import { createExitReports } from './exit-reports.ts'
import { endOverspentFamilies } from './family-budget.ts'
import { createGates } from './gates.ts'
import { createSlots } from './slots.ts'
import { missionHandle } from './handle.ts'
import { isOf, type Mission } from './mission-handle.ts'
import { hostEvents } from './host-events.ts'
import { createListener } from './listener.ts'
import { messageEvent, messageText } from './messages.ts'
import { createOutputFiles } from './output-files.ts'
import { createPlaces } from './places.ts'
import { createProviders } from './providers.ts'
import { type Recovery, recoverMissions } from './recover.ts'
import { createRegistry, type Entry } from './registry.ts'
import type { CloseOptions, Runtime, SuccessorOptions } from './runtime-handle.ts'
import { sessionOf } from './session.ts'
import { createTeams, type Joining } from './teams.ts'
import { createEarlierOutput } from './earlier-output.ts'
import { createOutputNotes } from './output-notes.ts'
import { createWriter } from './writer.ts'

export interface RuntimeOptions {
  /** The folder for all files, made if need be and private to its owner. Default: a temporary one that is gone at the end. */
  readonly home?: string
  /** Where missions and events are kept. Default: in memory. */
  readonly store?: Store
  /** Providers besides `raw`. */
  readonly providers?: readonly Provider[]
  /** Kinds of missions that are no process. Default: none. */
  readonly controllers?: readonly Controller[]
  /** Told of faults that are nobody's request, such as a full disk while an exit is noted. Default: emitted as a process warning. */
  readonly onFault?: (error: unknown) => void
  /** How many missions may be at work at a time. Default: no limits. */
  readonly concurrency?: ConcurrencyLimits
  readonly clock?: Clock
  readonly random?: Random
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
  const ready = Promise.withResolvers<Runtime>()
  const host = controlledHost(createKeeperHost({ home, clock, table: createProcessTable() }), {
    home,
    clock,
    begin: beginControl,
  })
  const providers = createProviders({
    providers: options.providers ?? [],
    controllers: options.controllers ?? [],
    checkMission: (input) => admission.check(input),
  })
  const outputs = createOutputFiles(home, store)

  const listener = createListener({
    home,
    find: (id) => registry.find(id)?.actor,
    floorOf: (ref) => outputs.floorOf(ref, 'stdout'),
    onFault,
  })
  const gates = createGates({ clock, boot: host.boot })
  const registry = createRegistry()
  const slots = createSlots({
    clock,
    limits: options.concurrency ?? {},
    parentOf: (id) => registry.find(id)?.actor.record().spec.parent ?? null,
    call: (id) => registry.find(id)?.actor.tell({ type: 'turn' }),
  })
  const writer = createWriter(journal, clock, onFault)
  const places = createPlaces({ registry, writer, clock })
  const outputNotes = createOutputNotes(writer, onFault)
  const earlierOutput = createEarlierOutput({ outputs, writer, clock, onFault })
  const exitReports = createExitReports({
    find: registry.find,
    hasMovedSince: (mission) => {
      const types = ['mission.exited', 'mission.moved'] as const
      const [newest] = store.events({ after: seq(0), mission, types, limit: 1, newestFirst: true })
      return newest?.type === 'mission.moved'
    },
    isQueued: (mission, message) =>
      messageEvent(store, { mission, message, type: 'message.queued' }) !== undefined,
    onFault,
  })
  const admission: Admission = createAdmission({ registry, providers, host, mustBeOpen })
  let closing: Promise<void> | undefined

  async function beginControl(
    { mission: id, run }: RunRef,
    resumed: boolean,
    log: (line: string) => void,
  ): Promise<Control | undefined> {
    const runtime = await ready.promise
    const entry = registry.find(id)
    if (entry === undefined) return undefined
    const { spec, env } = entry.actor.record()
    const controller = providers.controllerOf(spec)
    if (controller === undefined) throw new TypeError(`there is no controller ${spec.provider}`)
    return controller.begin({ mission: entry.handle, env, run, resumed, runtime, log })
  }

  function enter(record: MissionRecord): Entry {
    const provider = providers.of(record.spec)
    const actor = createMission(record, {
      clock,
      random,
      host,
      provider,
      commit: writer.commit,
      textOf: (message) => messageText(store, record.id, message),
      gates,
      slots,
      hasSpent: () => endOverspentFamilies(record.id, registry),
      releaseChildren: () => {
        outputs.closeTerminal(record.id)
        releaseChildren(record.id)
        exitReports.report(record.id)
      },
      fault: onFault,
    })
    const handle = missionHandle(actor, {
      journal,
      resultsFolder: home.resultsFolder(record.id),
      lastActivity: () => outputs.lastActivity(actor.record()),
      children: () => registry.childrenOf(record.id),
      killChildren: () => killDescendants(record.id, registry),
      history: ({ since = seq(0), oldestFirst = false, ...query }) =>
        store
          .events({ ...query, after: since, mission: record.id, newestFirst: !oldestFirst })
          .filter((event): event is JournalMissionEvent => isOf(record.id, event)),
      outputFiles: (run) => outputs.files(actor.record(), run),
      attached: () =>
        actor.record().state.exit === null ? readAttached(home.attachedFile(record.id)) : NOBODY,
      doing: () => host.doing({ mission: record.id, run: actor.record().state.run }),
      read: (run, readOptions) => outputs.read(actor, run, readOptions),
      mayRunAgain: () => admission.mayRunAgain(entry),
      session: sessionOf(actor, {
        random,
        queued: (message) =>
          messageEvent(store, { mission: record.id, message, type: 'message.queued' }) !== undefined,
        answered: (message) => messageEvent(store, { mission: record.id, message, type: 'message.answered' }),
        stdoutOf: (run) => home.outputFile(record.id, run, 'stdout'),
      }),
    })
    const entry = registry.add(actor, handle)
    return entry
  }

  /** Whether another one like it has taken the place of a mission that looked after others, and looks after them. */
  function isSucceeded(id: MissionId): boolean {
    const entry = registry.find(id)
    if (entry === undefined) return false
    const { spec } = entry.actor.record()
    if (providers.controllerOf(spec) === undefined) return false
    return registry
      .all()
      .some(
        ({ id: other, name, live, actor }) =>
          live && other !== id && name === entry.name && actor.record().spec.provider === spec.provider,
      )
  }

  /** Ends what is bound to a mission that has exited. */
  function releaseChildren(parent: MissionId): void {
    if (isSucceeded(parent)) return
    for (const id of registry.childrenOf(parent)) {
      const child = registry.find(id)
      if (child?.live === true && child.actor.record().spec.onParentExit === 'stop') {
        child.actor.tell({ type: 'end', because: 'parent' })
      }
    }
  }

  function mustBeOpen(): void {
    if (closing === undefined) return
    throw new OvermindError('runtime_closed', 'the runtime is closed: nothing can be started')
  }

  /** From here to the commit nothing else may happen, so that a name cannot be given out twice. */
  function admit({ name: given, env, spec }: Prepared, inPlaceOf?: MissionId): Entry {
    if (given !== undefined) registry.mustBeFree(given, inPlaceOf)
    admission.mustHaveParent(spec)
    const id = registry.freshId(random)
    const name = given ?? registry.freshName(random)
    const state = { ...initialState, conversation: conversationOf(spec) }
    return enter({ id, name, spec, env, createdAt: clock.now().wall, state })
  }

  async function start(input: MissionInput, { inPlaceOf }: SuccessorOptions = {}): Promise<Mission> {
    const asked = { input, membership: null, name: undefined, inPlaceOf }
    const { id, actor, handle } = admit(await admission.prepare(asked), inPlaceOf)
    try {
      actor.launch()
    } catch (error) {
      registry.remove(id)
      throw error
    }
    await actor.until(isLaunched).catch((error: unknown) => {
      // It is on record, and so accepted: what this supervisor no longer begins, the next one does.
      if (!(error instanceof OvermindError) || error.code !== 'runtime_closed') throw error
    })
    return handle
  }

  async function create(joining: readonly Joining[]): Promise<readonly Mission[]> {
    const prepared: Prepared[] = []
    for (const one of joining) prepared.push(await admission.prepare(one))
    mustBeOpen()
    const entered: Entry[] = []
    try {
      for (const one of prepared) entered.push(admit(one))
      const records = entered.map(({ actor }) => actor.record())
      writer.commit({
        events: records.map(({ id: mission, name, spec, createdAt: at }) => ({
          type: 'mission.created',
          mission,
          at,
          name,
          spec,
        })),
        put: records,
      })
    } catch (error) {
      for (const { id } of entered) registry.remove(id)
      throw error
    }
    return entered.map(({ handle }) => handle)
  }

  function conversationOf(spec: MissionSpec): Conversation | null {
    const talk = providers.of(spec).talk?.(spec) ?? null
    return talk === null ? null : newConversation(talk.remembers ? newUuid(random) : null)
  }

  async function remove(reference: string): Promise<void> {
    const entry = registry.resolve(reference)
    const { id, name, live, actor } = entry
    if (live) {
      throw new OvermindError(
        'not_exited',
        `mission ${id} (${name}) is ${actor.status()}: stop or kill it first`,
      )
    }
    const { run } = actor.record().state
    places.forget(entry)
    actor.close(new OvermindError('not_found', `mission ${id} (${name}) was removed`, { value: id }))
    slots.forget(id)
    earlierOutput.forget(id)
    await outputs.remove(id, run)
  }

  const teams = createTeams({
    clock,
    random,
    create,
    async launch(id) {
      const { actor } = registry.resolve(id)
      if (actor.record().state.phase === 'pending.queued') actor.request({ type: 'launch' })
      await actor.until(isLaunched)
    },
    async runAgain(id) {
      const entry = registry.resolve(id)
      admission.mayRunAgain(entry)
      const { run } = entry.actor.record().state
      entry.actor.request({ type: 'restart', by: 'team' })
      await entry.actor.until((now) => now.exit !== null || waitsToRun(now.phase) || hasBegun(now, run + 1))
    },
    entry: registry.find,
    remove,
    tell: (event) => {
      writer.note({ ...event, at: clock.now().wall })
      writer.flush()
    },
    over: () =>
      new Set(
        store
          .events({ after: seq(0), mission: null, types: ['team.ended'], limit: Number.MAX_SAFE_INTEGER })
          .flatMap((event) => (event.type === 'team.ended' ? [event.generation] : [])),
      ),
    tellFailure(id, team) {
      const { run } = registry.resolve(id).actor.record().state
      writer.note({ type: 'team.restarting', mission: id, run, team, at: clock.now().wall })
      writer.flush()
    },
    fault: onFault,
  })

  async function close({ missions = 'stop' }: CloseOptions = {}): Promise<void> {
    slots.close()
    if (missions === 'stop') await stopAll()
    await letGo()
    try {
      journal.commit({ events: [{ type: 'runtime.stopped', at: clock.now().wall }] })
    } catch (error) {
      // A full disk must not keep anyone from leaving.
      onFault(error)
    }
    journal.close()
    if (temporary && missions === 'stop') await rm(home.path, { recursive: true, force: true })
  }

  /** Does nothing more; missions go on. */
  async function letGo(): Promise<void> {
    teams.close()
    listener.close()
    for (const { actor } of registry.all()) actor.close()
    await host.close()
    await earlierOutput.settled()
    writer.close()
  }

  async function stopAll(): Promise<void> {
    await teams.stopAll()
    const live = registry.all().filter((entry) => entry.live)
    for (const { actor } of live) actor.request({ type: 'stop', timeoutMs: null })
    await Promise.all(live.map(({ actor }) => actor.exited()))
  }

  /** One that fails may be tried again. */
  function closeOnce(closeOptions?: CloseOptions): Promise<void> {
    closing ??= close(closeOptions).catch((error: unknown) => {
      closing = undefined
      slots.open()
      throw error
    })
    return closing
  }

  /** Goes on where the last supervisor of this home stopped. */
  async function takeOver(): Promise<Recovery> {
    host.listen(
      hostEvents({ registry, listener, writer, clock, outputs, outputNotes, earlierOutput, onFault }),
    )
    const found = recoverMissions(journal.missions(), {
      host,
      registry,
      writer,
      clock,
      outputs,
      listener,
      enter,
      releaseChildren,
    })
    await listener.idle()
    outputs.removeForgotten((id) => isMissionId(id) && registry.find(id) !== undefined)
    for (const id of outputs.terminals()) if (registry.find(id)?.live === false) outputs.closeTerminal(id)
    writer.commit({
      events: [{ type: 'runtime.started', at: clock.now().wall, pid: process.pid, ...found }],
    })
    slots.open()
    await teams.resume(registry.all())
    for (const { id, live } of registry.all()) if (!live) exitReports.report(id)
    return found
  }

  const recovery = await takeOver().catch(async (error: unknown) => {
    slots.close()
    // Nobody has it, and so nobody could close it: another may be tried over the same home.
    await letGo()
    if (temporary) await rm(home.path, { recursive: true, force: true })
    throw error
  })
  const runtime: Runtime = {
    home: home.path,
    recovery,
    cgroups: host.cgroups,
    start,
    check: async (input) => void (await admission.prepare({ input, membership: null, name: undefined })),
    get: (reference) => registry.resolve(reference).handle,
    list: () => registry.all().map(({ handle }) => handle),
    move: (reference, parent) => {
      places.move(reference, parent)
      endOverspentFamilies(registry.resolve(reference).id, registry)
    },
    remove,
    supervisor: (team) => {
      mustBeOpen()
      return teams.start(team)
    },
    teams: teams.list,
    events: (subscribe) => journal.subscribe(subscribe),
    limit: slots.limit,
    queue: slots.view,
    revision: () => journal.last(),
    usage: async () => {
      const byRun = await host.usage()
      return new Map(
        registry.all().flatMap(({ id, actor }) => {
          const used = byRun.get(keyOf({ mission: id, run: actor.record().state.run }))
          return used === undefined ? [] : [[id, used] as const]
        }),
      )
    },
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce,
  }
  ready.resolve(runtime)
  return runtime
}

/** Its process runs, or is found unable to; or it waits, for a slot or for its account. */
function isLaunched({ phase, queuedAt }: MissionState): boolean {
  return phase === 'pending.queued' ? queuedAt !== null : phase !== 'running.starting'
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error))
}
