/**
 * What must be true, seen from outside: processes, files and notes are held against what Overmind says. Each finding is a
 * sentence; one that is still true after a while is an error.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { EventView, MissionView } from '@overmind/client'
import type { Entry, Ledger, Pipeline } from './ledger.ts'
import type { Follower } from './follower.ts'
import { openFilesOf, processesOf } from './processes.ts'
import type { World } from './world.ts'

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

const linesOf = (path: string): readonly string[] => (textOf(path) ?? '').split('\n').filter(Boolean)

/** What it says of its missions against who lives. */
function whoLives(world: World, missions: readonly MissionView[]): readonly string[] {
  const alive = processesOf(world.home)
  const byId = new Map(missions.map((mission) => [mission.id, mission]))
  const strangers = alive.flatMap(({ pid, name, mission: id }) => {
    if (id === null) return []
    const mission = byId.get(id)
    if (mission === undefined) return [`process ${pid} (${name}) is of mission ${id}, which is not known`]
    return mission.exited_at === null
      ? []
      : [`process ${pid} (${name}) lives, and its mission ${id} (${mission.name}) is ${mission.status}`]
  })
  const ghosts = missions
    // The command goes on without its keeper, whose process it says it is.
    .filter(({ id, os_pid: pid }) => pid !== null && !alive.some(({ mission }) => mission === id))
    .map(
      ({ id, name, status, os_pid: pid }) =>
        `mission ${id} (${name}) is ${status} under ${pid}, which is gone`,
    )
  return [...strangers, ...ghosts]
}

/** What was accepted against what is there. */
function whatIsThere({ entries, pipelines }: Ledger, missions: readonly MissionView[]): readonly string[] {
  const byName = Map.groupBy(missions, ({ name }) => name)
  const ids = new Set(missions.map(({ id }) => id))
  const lost = entries
    .filter(({ id, removed }) => id !== null && !removed && !ids.has(id))
    .map(({ id, name }) => `mission ${id} (${name}) was accepted and is not there`)
  const twice = entries
    .filter(({ name }) => (byName.get(name)?.length ?? 0) > 1)
    .map(({ name }) => `${name} was asked for once and is there more than once`)
  const known = new Set([
    ...entries.map(({ name }) => name),
    ...pipelines.flatMap(({ name, needs }) => [
      name,
      ...[...needs.keys()].map((agent) => `${name}.${agent}`),
    ]),
  ])
  const invented = missions
    .filter(({ name }) => !known.has(name))
    .map(({ id, name }) => `nobody asked for mission ${id} (${name})`)
  const gone = pipelines
    .filter(({ name, sure, removed: forgotten }) => sure && !forgotten && !byName.has(name))
    .map(({ name }) => `pipeline ${name} was accepted and is not there`)
  return [...lost, ...twice, ...invented, ...gone]
}

/** What its runs wrote and how they ended, against their own notes. */
function whatWasWritten(
  { home, notes }: World,
  {
    entry,
    mission,
    story,
  }: { readonly entry: Entry; readonly mission: MissionView; readonly story: readonly EventView[] },
): readonly string[] {
  const { plan } = entry
  if (plan === null) return []
  const found: string[] = []
  for (let run = 1; run <= mission.run; run += 1) {
    const tell = (what: string): void =>
      void found.push(`run ${run} of ${mission.id} (${entry.name}) ${what}`)
    const note = join(notes, `${mission.id}.${run}`)
    const begun = linesOf(`${note}.begun`).length
    if (begun > 1) tell(`was begun ${begun} times`)
    const exits = story.filter((event) => event.type === 'run.exited' && event['run'] === run)
    if (exits.length > 1) tell(`exited ${exits.length} times`)
    const written = linesOf(join(home, 'output', `${mission.id}.${run}.log`)).filter((line) =>
      line.startsWith('line '),
    )
    const wrong = written.findIndex((line, index) => line !== `line ${index + 1}`)
    if (wrong !== -1) tell(`has ${JSON.stringify(written[wrong])} as its line ${wrong + 1}`)
    const noted = linesOf(`${note}.lines`).length
    if (written.length < noted || written.length > noted + 1)
      tell(`wrote ${noted} lines, and ${written.length} are kept`)
    const said = textOf(`${note}.exit`)?.trim()
    if (said !== undefined && written.length !== plan.lines)
      tell(`ended after ${plan.lines} lines, and ${written.length} are kept`)
    if (
      run === mission.run &&
      mission.exited_at !== null &&
      said === undefined &&
      begun === 1 &&
      !entry.disturbed
    )
      tell(`was ended before it was done, by nobody: ${mission.exit_class}, ${mission.exit_reason}`)
    if (run === mission.run && said !== undefined && mission.exited_at !== null && !entry.disturbed) {
      const code = String(mission.exit_code)
      if (code !== said) tell(`exited with ${said}, and ${code} is on record: ${mission.exit_reason}`)
    }
  }
  return found
}

/** What a session was told, against what it heard. */
function whatWasHeard(
  { notes }: World,
  { entry, mission }: { readonly entry: Entry; readonly mission: MissionView },
): readonly string[] {
  if (entry.plan !== null) return []
  const { id, name } = mission
  const heard = linesOf(join(notes, `${id}.heard`))
  const sent = entry.sent.filter(({ text }) => text !== '')
  const found: string[] = []
  const once = [...new Set(heard)]
  if (heard.length - once.length > entry.deaths)
    found.push(
      `session ${id} (${name}) heard ${heard.length - once.length} messages again, after ${entry.deaths} deaths`,
    )
  const order = once.map((text) => sent.findIndex((message) => message.text === text))
  if (order.includes(-1)) found.push(`session ${id} (${name}) heard what nobody said`)
  if (order.some((place, index) => index > 0 && place < (order[index - 1] ?? 0)))
    found.push(`session ${id} (${name}) heard messages in another order`)
  const missed = sent.filter(({ text, sure }) => sure && !once.includes(text))
  if (mission.status === 'running' && missed.length > 0)
    found.push(`session ${id} (${name}) runs and has not heard ${missed.map(({ text }) => text).join(', ')}`)
  return found
}

/** Each agent of a pipeline once, behind those that it waits for. */
function whatPipelinesDid(
  { notes }: World,
  pipeline: Pipeline,
  missions: readonly MissionView[],
): readonly string[] {
  const byName = Map.groupBy(missions, ({ name }) => name)
  const own = byName.get(pipeline.name)?.[0]
  if (own === undefined || own.exited_at === null || pipeline.disturbed || pipeline.removed) return []
  const missionsOf = (agent: string): readonly MissionView[] => byName.get(`${pipeline.name}.${agent}`) ?? []
  const found: string[] = []
  if (own.exit_code !== 0) found.push(`pipeline ${pipeline.name} failed: ${own.exit_reason}`)
  const timeOf = (agent: string, what: 'begun' | 'exit'): bigint | null => {
    const id = missionsOf(agent)[0]?.id
    const stat = statSync(join(notes, `${id}.1.${what}`), { bigint: true, throwIfNoEntry: false })
    return stat?.mtimeNs ?? null
  }
  for (const [agent, needs] of pipeline.needs) {
    const same = missionsOf(agent)
    if (same.length !== 1) found.push(`agent ${agent} is there ${same.length} times`)
    if (same[0] !== undefined && same[0].run !== 1) found.push(`agent ${agent} ran ${same[0].run} times`)
    const begun = timeOf(agent, 'begun')
    for (const need of needs) {
      const ended = timeOf(need, 'exit')
      if (begun !== null && (ended === null || ended > begun))
        found.push(`agent ${agent} began before ${need} had ended`)
    }
  }
  return found
}

/** Numbers rise, and runs follow each other. */
function whatTheJournalSays(story: readonly EventView[]): readonly string[] {
  const found: string[] = []
  let last = 0
  const runs = new Map<unknown, number>()
  const over = new Set<string>()
  for (const event of story) {
    if (event.seq <= last) found.push(`event ${event.seq} comes behind ${last}`)
    last = event.seq
    const { type } = event
    const [mission, run] = [event['mission'], Number(event['run'])]
    if (type === 'run.starting') {
      const before = runs.get(mission) ?? 0
      if (run !== before + 1) found.push(`mission ${String(mission)} starts run ${run} behind run ${before}`)
      runs.set(mission, run)
    }
    if (type === 'run.exited') {
      const key = `${String(mission)}.${run}`
      if (over.has(key)) found.push(`run ${key} exited twice`)
      over.add(key)
    }
  }
  return found
}

/** What somebody was told who followed all events, through the deaths of all daemons, against the journal. */
function whatWasFollowed({ told, twice }: Follower, journal: readonly EventView[]): readonly string[] {
  const missed = journal.filter(({ seq }) => !told.has(seq)).map(({ seq, type }) => `${seq} (${type})`)
  return [
    ...(missed.length === 0 ? [] : [`who follows was not told of ${missed.slice(0, 5).join(', ')}`]),
    ...twice.map((seq) => `who follows was told of ${seq} twice`),
  ]
}

/** Ends that a hook is to be told of, against what it was told. */
function whatHooksWereTold({ notes }: World, journal: readonly EventView[]): readonly string[] {
  const told = new Set(linesOf(join(notes, 'told')).map(Number))
  return journal
    .filter(({ type, seq }) => type === 'mission.exited' && !told.has(seq))
    .map(({ seq }) => `the hook was not told of ${seq}`)
}

/** Everything that is not as it should be right now. */
export async function look(world: World, follower: Follower): Promise<readonly string[]> {
  const { client, ledger } = world
  const { missions } = await client.list({ all: true })
  const journal: EventView[] = []
  for await (const event of client.events({ since: 0 })) if ('seq' in event) journal.push(event)
  const stories = Map.groupBy(journal, (event) => event['mission'])
  // An answer that never came back may have been a yes.
  for (const entry of ledger.entries)
    entry.id ??= missions.find(({ name }) => name === entry.name)?.id ?? null
  const kept = missions.flatMap((mission) => {
    const entry = ledger.entryOf(mission.id)
    if (entry === undefined || entry.removed) return []
    const story = stories.get(mission.id) ?? []
    return [...whatWasWritten(world, { entry, mission, story }), ...whatWasHeard(world, { entry, mission })]
  })
  return [
    ...whoLives(world, missions),
    ...whatIsThere(ledger, missions),
    ...kept,
    ...ledger.pipelines.flatMap((pipeline) => whatPipelinesDid(world, pipeline, missions)),
    ...whatTheJournalSays(journal),
    ...whatWasFollowed(follower, journal),
    ...whatHooksWereTold(world, journal),
  ]
}

/** What is left when everything has been ended. */
export function whatIsLeft({ home }: World): readonly string[] {
  const processes = processesOf(home).map(({ pid, name }) => `process ${pid} (${name}) is left`)
  const pipes = ['.', 'output', 'tty', 'input']
    .flatMap((folder) => {
      try {
        return readdirSync(join(home, folder), { withFileTypes: true })
      } catch {
        return []
      }
    })
    .filter((file) => file.isFIFO() || file.isSocket())
    .map(({ name }) => `${name} is left in the home`)
  return [...processes, ...pipes]
}

/** What the daemon has open that it would not have open with nothing to do. */
export function whatIsOpen(pid: number): readonly string[] {
  return openFilesOf(pid).filter((name) => name.endsWith(' (deleted)') || name.includes('/output/'))
}
