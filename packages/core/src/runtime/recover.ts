/** Finding out what became of the missions that an earlier runtime left. */
import { recordFromKeeper } from '../mission/keeper-copy.ts'
import { emptyReceipt } from '../model/exit.ts'
import type { MissionId } from '../model/ids.ts'
import { hasRun, type MissionRecord } from '../model/state.ts'
import type { Clock } from '../model/time.ts'
import type { Abandoned, Finding, ProcessHost } from '../process/host.ts'
import type { Listener } from './listener.ts'
import type { OutputFiles } from './output-files.ts'
import type { Entry, Registry } from './registry.ts'
import type { Writer } from './writer.ts'

/** What was found of the missions that an earlier runtime left running. */
export interface Recovery {
  readonly adopted: number
  readonly ended: number
  readonly lost: number
}

export interface RecoverDeps {
  readonly host: ProcessHost
  readonly registry: Registry
  readonly writer: Writer
  readonly clock: Clock
  readonly outputs: OutputFiles
  readonly listener: Listener
  enter(record: MissionRecord): Entry
  /** Ends what is bound to a mission that has exited. */
  releaseChildren(parent: MissionId): void
}

/** Takes over the missions on record, and those that only their keepers remember. */
export function recoverMissions(records: readonly MissionRecord[], deps: RecoverDeps): Recovery {
  const { host, registry } = deps
  const left = records.map(deps.enter).filter(({ actor }) => hasRun(actor.record().state.phase))
  const findings = host.recover(left.map((entry) => abandoned(entry, deps)))
  const recovery = { adopted: 0, ended: 0, lost: 0 }
  for (const [index, entry] of left.entries()) {
    const finding = findings[index]
    if (finding === undefined) throw new TypeError('recover() answers for each run')
    recovery[countedAs(finding)] += 1
    takeOver(entry, finding, deps)
  }
  recovery.adopted += adoptUnknown(deps)
  for (const { actor, live } of registry.all()) {
    if (!live) continue
    const { state, spec } = actor.record()
    // Its turn in a team is the team's business, and who waits for a slot is called when there is one.
    if (state.phase === 'pending.queued' && state.queuedAt === null && spec.team === null)
      actor.tell({ type: 'launch' })
    actor.resume()
  }
  // Their parent may have ended in the very moment in which its supervisor did.
  const parents = new Set(registry.all().map(({ actor }) => actor.record().spec.parent))
  for (const parent of parents) {
    if (parent !== null && registry.find(parent)?.live !== true) deps.releaseChildren(parent)
  }
  return recovery
}

function abandoned({ actor }: Entry, { outputs }: RecoverDeps): Abandoned {
  const { id, spec, state } = actor.record()
  return {
    mission: id,
    run: state.run,
    process: state.process,
    startedAt: state.startedAt,
    custody: spec.custody,
    streams: actor.streams(),
    outputLimitBytes: spec.outputLimitBytes,
    activity: spec.activity,
    seen: outputs.seen(id, state.run),
    killed: state.ending?.rung === 'kill',
  }
}

function countedAs(finding: Finding): keyof Recovery {
  if (finding.kind !== 'ended') return 'adopted'
  return finding.exit.kind === 'lost' ? 'lost' : 'ended'
}

function takeOver(
  { actor, id: mission }: Entry,
  finding: Finding,
  { writer, clock, listener }: RecoverDeps,
): void {
  const { run, phase, ended, ending, process: known } = actor.record().state
  switch (finding.kind) {
    case 'alive': {
      const { process, at } = finding.launched
      if (phase === 'running.starting') actor.tell({ type: 'spawned', run, process, at })
      else if (process.pid !== known?.pid || process.start !== known.start)
        actor.tell({ type: 'adopted', run, process })
      writer.note({ type: 'run.adopted', mission, run, at: clock.now().wall, pid: process.pid })
      listener.listen({ mission, run })
      return
    }
    case 'ended':
      listener.listen({ mission, run })
      listener.afterAll({ mission, run }, () => {
        // Its end may be on record already, and only what it left was not.
        if (ended === null)
          actor.tell({ type: 'exited', run, exit: finding.exit, left: finding.left, receipt: emptyReceipt })
        else if (finding.left === 0) actor.tell({ type: 'emptied', run, receipt: emptyReceipt })
      })
      return
    case 'never-started':
      if (ending === null) actor.resumeStart()
      else
        actor.tell({
          type: 'refused',
          run,
          reason: 'it was asked to end before it was started',
          retry: false,
        })
  }
}

/** The answers of a program that names no messages would be taken for those to come: what it said before is passed over. */
function behindItsPast(record: MissionRecord, outputs: OutputFiles): MissionRecord {
  const { conversation, run } = record.state
  if (conversation?.turn !== 'idle') return record
  const heard = outputs.files(record, run).find(({ stream }) => stream === 'stdout')?.bytes ?? 0
  return { ...record, state: { ...record.state, conversation: { ...conversation, heard } } }
}

/** Missions that live but are not in the store: it was deleted, or had to be set aside. */
function adoptUnknown(deps: RecoverDeps): number {
  const { host, registry, writer, clock, enter } = deps
  const found = host
    .unknownKeepers()
    .map(recordFromKeeper)
    .filter((record) => record !== null)
    .filter(({ id }) => registry.find(id) === undefined)
    .map((record) => behindItsPast(record, deps.outputs))
  const entries = found.map((record) => {
    const { id: mission, name, spec, createdAt: at, state } = record
    writer.commit({ events: [{ type: 'mission.created', mission, at, name, spec }], put: [record] })
    const entry = enter(record)
    writer.note({
      type: 'run.adopted',
      mission,
      run: state.run,
      at: clock.now().wall,
      pid: state.process?.pid ?? 0,
    })
    return entry
  })
  const findings = host.recover(entries.map((entry) => abandoned(entry, deps)))
  for (const [index, entry] of entries.entries()) {
    const finding = findings[index]
    // It may have ended since it was found.
    if (finding?.kind === 'ended') takeOver(entry, finding, deps)
    else deps.listener.listen({ mission: entry.id, run: entry.actor.record().state.run })
  }
  return entries.length
}
