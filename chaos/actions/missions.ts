/** Missions are started: plain ones, quests, children, sessions, agents, terminals. */
import type { StartRequest } from '@overmind/client'
import { standIn } from '../../packages/claude/test/support/stand-in-program.ts'
import { type Entry, newEntry } from '../ledger.ts'
import type { Chance } from '../random.ts'
import type { User } from '../user.ts'
import type { World } from '../world.ts'
import { type Action, disturb, ENV, freshName, isCrowded, isSession, someone } from './action.ts'
import { counts, hears, planOf, readsTyping } from './programs.ts'

/** So many at a time of those that stay: others are to have their turn, and some are a Node process each. */
const MOST = { hears: 8, converses: 3, 'reads-typing': 4 } as const

interface Start {
  readonly request: StartRequest
  readonly entry: Entry
  /** Who asks. */
  readonly user: Pick<User, 'start'>
}

async function start(world: World, { request, entry, user }: Start): Promise<void> {
  const { entries } = world.ledger
  entries.push(entry)
  const answer = await world.ask(`run (${entry.program.kind})`, (signal) =>
    user.start({ cwd: '/tmp', env: ENV, name: entry.name, ...request }, { signal }),
  )
  if (answer.said === 'yes') entry.id = answer.value.id
  else if (answer.said === 'no') entries.splice(entries.indexOf(entry), 1)
}

/** How often it may be started again, and how many runs that comes to, where that can be told. */
function restartsOf(
  of: Chance,
  code: number,
): { readonly policy: StartRequest; readonly runs: number | null } {
  const retries = of.between(0, 3)
  return of.of([
    { policy: { restart: 'never' as const }, runs: 1 },
    { policy: { retries }, runs: code === 0 ? 1 : retries + 1 },
    {
      policy: { restart: 'on-failure' as const, max_restarts: of.of([1, 2, 5]) },
      runs: code === 0 ? 1 : null,
    },
    { policy: { restart: 'always' as const, max_restarts: of.of([1, 2, 5]) }, runs: null },
  ])
}

async function run(world: World, of: Chance): Promise<void> {
  if (await isCrowded(world)) return
  const plan = planOf(of)
  const parent = of.percent(20) ? someone(world, of, of.percent(50) ? isSession : undefined) : null
  const isBound = parent !== null && of.percent(50)
  const isLimited = of.percent(10)
  const { policy, runs } = restartsOf(of, plan.code)
  const boundTo = isBound ? parent.id : null
  const tells = parent !== null && isSession(parent) ? parent.id : null
  const entry = newEntry(freshName('counts'), { kind: 'counts', plan }, { runs, boundTo, tells })
  // What limits or binds it may end it in the middle.
  if (isLimited || isBound) disturb(entry)
  const request = {
    command: counts(world.notes, plan),
    ...policy,
    backoff_ms: of.of([0, 10, 500]),
    stop_timeout_ms: of.of([0, 200, 2000]),
    priority: of.of([0, 0, 0, 5]),
    colony: of.of(['default', 'blue', 'green']),
    ...(isLimited ? { timeout_ms: of.between(50, 3000) } : {}),
    ...(parent === null ? {} : { parent: parent.id }),
    ...(isBound ? { on_parent_exit: 'stop' as const } : {}),
    ...(tells === null ? {} : { on_exit: 'tell-parent' as const }),
  }
  await start(world, { request, entry, user: world.user(of) })
}

/** Whether there are enough of a kind, as far as they are known. */
async function areEnough(world: World, kind: keyof typeof MOST): Promise<boolean> {
  if (await isCrowded(world)) return true
  const { client, ledger } = world
  const ids = new Set(ledger.entries.filter(({ program }) => program.kind === kind).map(({ id }) => id))
  try {
    const { missions } = await client.list({ fields: ['id', 'exited_at'] })
    return missions.filter(({ id, exited_at }) => exited_at === null && ids.has(id)).length >= MOST[kind]
  } catch {
    // Nobody can tell: none is started then.
    return true
  }
}

async function runSession(world: World, of: Chance): Promise<void> {
  if (await areEnough(world, 'hears')) return
  const restart = of.of(['never', 'on-failure', 'always'] as const)
  const request = { type: 'session' as const, command: hears(world.notes), restart, backoff_ms: 10 }
  const entry = newEntry(freshName('hears'), { kind: 'hears' })
  await start(world, { request, entry, user: world.user(of) })
}

async function runAgent(world: World, of: Chance): Promise<void> {
  const { lab } = world
  if (await areEnough(world, 'converses')) return
  const entry = newEntry(freshName('agent'), { kind: 'converses' })
  const request = {
    provider: 'claude',
    type: 'session' as const,
    cwd: lab.cwd,
    env: { ...lab.env, OVERMIND_CLAUDE: standIn.path },
    restart: of.of(['on-failure', 'always'] as const),
    backoff_ms: 10,
  }
  // The command would take its own folder and environment along.
  await start(world, { request, entry, user: world.client })
}

async function runTerminal(world: World, of: Chance): Promise<void> {
  if (await areEnough(world, 'reads-typing')) return
  const request = {
    command: readsTyping(world.notes),
    terminal: { columns: of.between(60, 120), rows: of.between(5, 40) },
    restart: of.of(['never', 'on-failure', 'always'] as const),
    backoff_ms: 10,
    stop_timeout_ms: 500,
  }
  const entry = newEntry(freshName('terminal'), { kind: 'reads-typing' })
  await start(world, { request, entry, user: world.user(of) })
}

export const STARTS: readonly Action[] = [
  { name: 'run', weight: 30, perform: run },
  { name: 'run a session', weight: 4, perform: runSession },
  { name: 'run an agent', weight: 2, perform: runAgent },
  { name: 'run on a terminal', weight: 3, perform: runTerminal },
]
