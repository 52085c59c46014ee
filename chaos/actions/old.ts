/** What people and programs ask for, at random. */
import { join } from 'node:path'
import type { StartRequest } from '@overmind/client'
import { type Entry, newEntry, type Pipeline, type Plan, type Said } from './ledger.ts'
import type { Chance } from './random.ts'
import type { World } from './world.ts'

const COUNTS = join(import.meta.dirname, 'programs', 'counts.sh')
const HEARS = join(import.meta.dirname, 'programs', 'hears.sh')

/** With more than this at work, nothing is started. */
const CROWD = 40

export interface Action {
  readonly name: string
  readonly weight: number
  perform(world: World, of: Chance): Promise<void>
}

let named = 0
const freshName = (kind: string): string => `${kind}-${(named += 1)}`

function planOf(of: Chance): Plan {
  const isLong = of.percent(20)
  return {
    lines: isLong ? of.between(50, 400) : of.between(0, 30),
    pauseSeconds: of.percent(30) ? 0 : of.of([0.01, 0.05, 0.2]),
    code: of.of([0, 0, 0, 1, 3, 77]),
    manner: of.of(['plain', 'plain', 'plain', 'stubborn', 'leaves', 'strays', 'stops-itself'] as const),
  }
}

function commandOf(notes: string, { lines, pauseSeconds, code, manner }: Plan): readonly string[] {
  return ['sh', COUNTS, notes, String(lines), String(pauseSeconds), String(code), manner]
}

/** One that may still be there. */
function someone(
  { ledger }: World,
  of: Chance,
  test: (entry: Entry) => boolean = () => true,
): (Entry & { id: string }) | null {
  const known = ledger.entries.filter(
    (entry): entry is Entry & { id: string } => entry.id !== null && !entry.removed && test(entry),
  )
  // Mostly one of the latest: most others have ended.
  const recent = known.slice(-CROWD)
  return known.length === 0 ? null : of.of(of.percent(80) ? recent : known)
}

async function start(world: World, request: StartRequest, entry: Entry): Promise<void> {
  const { ledger, client } = world
  ledger.entries.push(entry)
  const answer = await world.ask('run', (signal) =>
    client.start({ cwd: '/tmp', env: { PATH: process.env['PATH'] ?? '' }, ...request }, { signal }),
  )
  if (answer.said === 'yes') entry.id = answer.value.id
  else if (answer.said === 'no') ledger.entries.splice(ledger.entries.indexOf(entry), 1)
}

async function isCrowded({ client }: World): Promise<boolean> {
  try {
    const { missions } = await client.status()
    return missions.pending + missions.running + missions.stalled + missions.restarting > CROWD
  } catch {
    // It is away: what is asked of it next will say so.
    return false
  }
}

/** Does something to a mission that ends a run of it, or may. */
async function disturb(
  world: World,
  what: string,
  { entry, request }: { readonly entry: Entry; readonly request: (signal: AbortSignal) => Promise<unknown> },
): Promise<Said<unknown>> {
  // Before, since its run may end at any moment from now on.
  entry.disturbed = true
  entry.deaths += 1
  return world.ask(what, request)
}

/** Blueprints of a few counting agents, each of which waits for some of those before it. */
async function apply(world: World, of: Chance): Promise<void> {
  if (await isCrowded(world)) return
  const { client, ledger, notes } = world
  const name = freshName('line')
  const size = of.between(2, 6)
  const names = Array.from({ length: size }, (_, index) => `agent-${index + 1}`)
  const needs = new Map(
    names.map((agent, index) => [agent, names.slice(0, index).filter(() => of.percent(40))] as const),
  )
  const agents = Object.fromEntries(
    names.map((agent) => {
      const plan: Plan = { lines: of.between(0, 10), pauseSeconds: 0.02, code: 0, manner: 'plain' }
      return [agent, { command: commandOf(notes, plan), depends_on: needs.get(agent) ?? [] }]
    }),
  )
  const answer = await world.ask('apply', (signal) =>
    client.applyPipeline(
      { document: { name, agents }, cwd: '/tmp', env: { PATH: process.env['PATH'] ?? '' } },
      { signal },
    ),
  )
  if (answer.said === 'no') return
  const sure = answer.said === 'yes'
  const pipeline: Pipeline = { name, sure, needs, disturbed: false, removed: false }
  ledger.pipelines.push(pipeline)
}

/** Members that count, are ended and started again with each other. */
async function startTeam(world: World, of: Chance): Promise<void> {
  if (await isCrowded(world)) return
  const { client, ledger, notes } = world
  const name = freshName('team')
  const plans = Array.from({ length: of.between(1, 3) }, () => planOf(of))
  const entries = plans.map((plan, index) => {
    const entry = newEntry(`${name}.member-${index + 1}`, plan)
    entry.disturbed = true
    entry.deaths = Number.POSITIVE_INFINITY
    return entry
  })
  ledger.entries.push(...entries)
  const members = plans.map((plan, index) => ({
    id: `member-${index + 1}`,
    mission: {
      command: commandOf(notes, plan),
      cwd: '/tmp',
      env: { PATH: process.env['PATH'] ?? '' },
      stop_timeout_ms: 200,
    },
    restart: of.of(['permanent', 'transient', 'temporary'] as const),
  }))
  const strategy = of.of(['one_for_one', 'one_for_all', 'rest_for_one'] as const)
  await world.ask('team', (signal) => client.startTeam({ name, strategy, members }, { signal }))
}

export const ACTIONS: readonly Action[] = [
  {
    name: 'run',
    weight: 30,
    async perform(world, of) {
      if (await isCrowded(world)) return
      const plan = planOf(of)
      const parent = of.percent(15) ? someone(world, of) : null
      const entry = newEntry(freshName('counts'), plan)
      const limited = of.percent(10)
      // What limits or binds it may end it in the middle.
      const isBound = parent !== null && of.percent(50)
      if (limited || isBound) {
        entry.disturbed = true
        entry.deaths += 1
      }
      await start(
        world,
        {
          name: entry.name,
          command: commandOf(world.notes, plan),
          restart: of.of(['never', 'never', 'on-failure', 'always'] as const),
          max_restarts: of.of([1, 2, 5]),
          backoff_ms: of.of([0, 10, 500]),
          stop_timeout_ms: of.of([0, 200, 2000]),
          priority: of.of([0, 0, 0, 5]),
          colony: of.of(['default', 'blue', 'green']),
          ...(limited ? { timeout_ms: of.between(50, 3000) } : {}),
          ...(parent === null ? {} : { parent: parent.id }),
          ...(isBound ? { on_parent_exit: 'stop' as const } : {}),
        },
        entry,
      )
    },
  },
  {
    name: 'run a session',
    weight: 4,
    async perform(world, of) {
      if (await isCrowded(world)) return
      const entry = newEntry(freshName('hears'), null)
      const command = ['sh', HEARS, world.notes]
      const restart = of.of(['never', 'on-failure', 'always'] as const)
      await start(world, { name: entry.name, type: 'session', command, restart, backoff_ms: 10 }, entry)
    },
  },
  {
    name: 'send',
    weight: 20,
    async perform(world, of) {
      const entry = someone(world, of, ({ plan }) => plan === null)
      if (entry === null) return
      const text = `${entry.name} message ${entry.sent.length + 1}`
      const place = entry.sent.push({ text, sure: false }) - 1
      const answer = await world.ask('send', (signal) => world.client.send(entry.id, text, { signal }))
      if (answer.said === 'yes') entry.sent[place] = { text, sure: true }
      if (answer.said === 'no') entry.sent[place] = { text: '', sure: false }
    },
  },
  {
    name: 'stop',
    weight: 6,
    async perform(world, of) {
      const entry = someone(world, of)
      if (entry === null) return
      const timeoutMs = of.of([undefined, 0, 300])
      const request = (signal: AbortSignal): Promise<unknown> =>
        world.client.stop(entry.id, { signal, timeoutMs })
      await disturb(world, 'stop', { entry, request })
    },
  },
  {
    name: 'kill',
    weight: 4,
    async perform(world, of) {
      const entry = someone(world, of)
      if (entry === null) return
      const request = (signal: AbortSignal): Promise<unknown> => world.client.kill(entry.id, { signal })
      await disturb(world, 'kill', { entry, request })
    },
  },
  {
    name: 'restart',
    weight: 4,
    async perform(world, of) {
      const entry = someone(world, of)
      if (entry === null) return
      const request = (signal: AbortSignal): Promise<unknown> => world.client.restart(entry.id, { signal })
      await disturb(world, 'restart', { entry, request })
    },
  },
  {
    name: 'rm',
    weight: 4,
    async perform(world, of) {
      const entry = someone(world, of)
      if (entry === null) return
      entry.removed = true
      const answer = await world.ask('rm', (signal) => world.client.remove(entry.id, { signal }))
      if (answer.said === 'no') entry.removed = answer.code === 'not_found'
    },
  },
  {
    name: 'apply',
    weight: 3,
    perform: apply,
  },
  {
    name: 'start a team',
    weight: 2,
    perform: startTeam,
  },
  {
    name: 'prune',
    weight: 1,
    async perform({ client, ledger, ask }) {
      const answer = await ask('prune', (signal) => client.prune({ signal, olderThanMs: 2000 }))
      if (answer.said === 'no') return
      const gone = answer.said === 'yes' ? new Set(answer.value.removed) : null
      for (const entry of ledger.entries) {
        // Nobody can tell which, when the answer never came.
        if (gone === null || (entry.id !== null && gone.has(entry.id))) entry.removed = true
      }
      for (const pipeline of ledger.pipelines) pipeline.removed = true
    },
  },
  {
    name: 'reload',
    weight: 1,
    async perform(world, of) {
      await world.configure(of.between(5, 30))
      await world.ask('reload', (signal) => world.client.reload({ signal }))
    },
  },
  {
    name: 'ps',
    weight: 10,
    async perform(world) {
      await world.ask('ps', (signal) => world.client.list({ all: true, signal }))
    },
  },
  {
    name: 'describe',
    weight: 6,
    async perform(world, of) {
      const entry = someone(world, of)
      if (entry !== null) await world.ask('describe', (signal) => world.client.describe(entry.id, { signal }))
    },
  },
  {
    name: 'wait',
    weight: 6,
    async perform(world, of) {
      const entry = someone(world, of)
      if (entry === null) return
      const timeoutMs = of.between(1, 2000)
      await world.ask('wait', (signal) => world.client.wait(entry.id, { signal, timeoutMs }))
    },
  },
  {
    name: 'logs',
    weight: 8,
    async perform(world, of) {
      const entry = someone(world, of)
      if (entry === null) return
      const query = of.of([{}, { tail: 3 }, { timestamps: true }])
      await world.ask('logs', async (signal) => {
        for await (const _ of world.client.logs(entry.id, { signal, ...query }));
      })
    },
  },
]
