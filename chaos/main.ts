/**
 * A real daemon, real processes, people who ask for all sorts of things and faults at random moments; then the truth is held
 * against what Overmind says: `npm run test:chaos -- --minutes 30 --seed 7`. With findings the home is kept, and the exit code is 1.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Action } from './actions/action.ts'
import { ACTIONS } from './actions/index.ts'
import { FAULTS } from './faults.ts'
import { follow } from './follower.ts'
import { nothingIsLeft } from './oracle/laws/remains.ts'
import { remainsOf, settle } from './oracle/look.ts'
import { openFilesOf } from './processes.ts'
import { type Chance, chance } from './random.ts'
import { aWhile, createWorld, type World } from './world.ts'

const USERS = 6
/** From one look to the next. Milliseconds. */
const ROUND_MS = 20_000

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    'without-faults': { type: 'boolean', default: false },
  },
})
const minutes = Number(values.minutes)
const seed = Number(values.seed)
if (!(minutes > 0) || !Number.isInteger(seed)) {
  process.stderr.write('Usage: npm run test:chaos -- [--minutes n] [--seed n] [--without-faults]\n')
  process.exit(2)
}

const say = (text: string): void => void process.stdout.write(`${text}\n`)

/** Does one after the other of these until the moment. */
async function keepDoing(
  world: World,
  of: Chance,
  {
    what,
    until,
    pauseMs,
  }: { readonly what: readonly Action[]; readonly until: number; readonly pauseMs: number },
): Promise<void> {
  while (Date.now() < until) {
    await aWhile(of, pauseMs)
    const action = of.weighted(what)
    world.ledger.count(action.name)
    await action.perform(world, of)
  }
}

async function endAll({ client, ledger }: World): Promise<void> {
  for (const entry of ledger.entries) entry.disturbed = true
  for (const pipeline of ledger.pipelines) pipeline.disturbed = true
  for (const fleet of ledger.fleets) fleet.settled = false
  for (const ritual of ledger.rituals) {
    ritual.killed = true
    for (const span of ritual.spans) span.to ??= Date.now() - 1
  }
  // A pipeline and what restarts may start something meanwhile.
  for (;;) {
    const { missions } = await client.list({ all: true })
    const live = missions.filter(({ exited_at: at }) => at === null)
    if (live.length === 0) return
    await Promise.allSettled(live.map(({ id }) => client.kill(id)))
  }
}

const world = await createWorld()
const of = chance(seed)
say(`chaos: ${minutes} min, seed ${seed}, home ${world.home}`)
await world.configure({ missions: 20, blue: 5 })
await world.start()
const follower = follow(world.client)
const end = Date.now() + minutes * 60_000
while (Date.now() < end && world.findings.size === 0) {
  const until = Math.min(end, Date.now() + ROUND_MS)
  const users = Array.from({ length: USERS }, () =>
    keepDoing(world, of.fork(), { what: ACTIONS, until, pauseMs: 60 }),
  )
  const faults = values['without-faults']
    ? []
    : [keepDoing(world, of.fork(), { what: FAULTS, until, pauseMs: 3000 })]
  await Promise.all([...users, ...faults])
  for (const finding of await settle(world, follower)) world.findings.add(finding)
  const accepted = world.ledger.entries.length + world.ledger.pipelines.length
  say(
    `${Math.max(0, Math.round((end - Date.now()) / 1000))} s left, ${accepted} accepted, ${world.findings.size} findings`,
  )
}
await endAll(world)
for (const finding of await settle(world, follower)) world.findings.add(finding)
const pid = world.daemon()
const open = pid === null ? [] : openFilesOf(pid)
follower[Symbol.dispose]()
await world.client.shutdown({ keep: false })
await pause(500)
for (const left of nothingIsLeft(remainsOf(world.home, open))) world.findings.add(left)

for (const [what, count] of [...world.ledger.counts].toSorted(([a], [b]) => a.localeCompare(b)))
  say(`${String(count).padStart(7)}  ${what}`)
for (const finding of world.findings) say(`FINDING ${finding}`)
say(`${world.findings.size} findings, seed ${seed}`)
if (world.findings.size === 0) await world.discard()
else say(`what there is to see is in ${world.home}`)
process.exit(world.findings.size === 0 ? 0 : 1)
