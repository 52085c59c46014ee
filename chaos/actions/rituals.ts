/** Rituals are begun, suspended, go on and are ended. */
import type { Ritual } from '../ledger.ts'
import type { Chance } from '../random.ts'
import { aWhile, type World } from '../world.ts'
import { type Action, ENV, freshName, insist } from './action.ts'
import { meetsItsTime } from './programs.ts'

const MOST_RITUALS = 2

const busy = new WeakSet<Ritual>()

async function begin(world: World, of: Chance): Promise<void> {
  const { client, ledger, notes } = world
  const name = freshName('ritual')
  const everySeconds = of.of([1, 2, 3])
  const overlap = of.of(['allow', 'allow', 'skip', 'wait', 'replace'] as const)
  const ritual: Ritual = { name, everySeconds, overlap, id: null, spans: [], killed: false, removed: false }
  ledger.rituals.push(ritual)
  busy.add(ritual)
  const seconds = overlap === 'allow' ? 0 : of.of([0, 1, 2])
  const answer = await world.ask('ritual', (signal) =>
    client.start(
      {
        provider: 'ritual',
        type: 'ritual',
        name,
        cwd: '/tmp',
        env: ENV,
        options: {
          schedule: `*/${everySeconds} * * * * *`,
          timezone: 'UTC',
          overlap,
          keep: of.of([3, 1000]),
          mission: { command: meetsItsTime(notes, name, seconds), priority: 10 },
        },
      },
      { signal },
    ),
  )
  busy.delete(ritual)
  if (answer.said === 'no') ledger.rituals.splice(ledger.rituals.indexOf(ritual), 1)
  if (answer.said === 'unsure') await putAway(world, of, ritual)
  if (answer.said !== 'yes') return
  ritual.id = answer.value.id
  goesOn(ritual)
}

function goesOn({ spans }: Ritual): void {
  spans.push({ from: Date.now() + 1, to: null })
}

/** Ends it or suspends it; the time until then counts. */
async function end(
  world: World,
  of: Chance,
  { ritual, how }: { readonly ritual: Ritual; readonly how: 'stop' | 'kill' },
): Promise<void> {
  const { id } = ritual
  if (id === null) return
  const span = ritual.spans.at(-1)
  if (span !== undefined) span.to ??= Date.now() - 1
  if (how === 'kill') return putAway(world, of, ritual)
  const user = world.user(of)
  await world.ask('stop a ritual', (signal) => user.stop(id, { signal }))
}

/** Surely: one that nobody ends starts missions until the end, and they would crowd out all others. */
async function putAway(world: World, of: Chance, ritual: Ritual): Promise<void> {
  ritual.killed = true
  const user = world.user(of)
  await insist(
    () => world.ask('kill a ritual', (signal) => user.kill(ritual.id ?? ritual.name, { signal })),
    () => aWhile(of, 1000),
  )
}

async function goOn(world: World, of: Chance, ritual: Ritual): Promise<void> {
  const { id } = ritual
  if (id === null) return
  // It may have been at work: until now, and not while it begins again.
  const span = ritual.spans.at(-1)
  if (span !== undefined) span.to ??= Date.now() - 1
  const user = world.user(of)
  const answer = await world.ask('restart a ritual', (signal) => user.restart(id, { signal }))
  if (answer.said === 'yes') goesOn(ritual)
}

async function changeRitual(world: World, of: Chance): Promise<void> {
  const { rituals } = world.ledger
  const live = rituals.filter(({ killed, removed, id }) => !killed && !removed && id !== null)
  if (live.length < MOST_RITUALS) return begin(world, of)
  const idle = live.filter((ritual) => !busy.has(ritual))
  if (idle.length === 0) return
  const ritual = of.of(idle)
  busy.add(ritual)
  const how = of.of(['stop', 'restart', 'restart', 'kill'] as const)
  if (how === 'restart') await goOn(world, of, ritual)
  else await end(world, of, { ritual, how })
  busy.delete(ritual)
}

export const RITUALS: readonly Action[] = [{ name: 'change a ritual', weight: 2, perform: changeRitual }]
