/** Copies are declared, declared anew, made more and fewer, and taken down. */
import type { Fleet, Said } from '../ledger.ts'
import type { Chance } from '../random.ts'
import { aWhile, type World } from '../world.ts'
import { type Action, ENV, freshName, insist } from './action.ts'
import { serves } from './programs.ts'

const MOST_FLEETS = 2
const MOST_COPIES = 4

/** Those that somebody is about to change. */
const busy = new WeakSet<Fleet>()

/** Changes what is declared, and asks for it until that was accepted or refused. */
async function change(of: Chance, fleet: Fleet, ask: () => Promise<Said<unknown>>): Promise<void> {
  busy.add(fleet)
  fleet.settled = false
  const answer = await insist(ask, () => aWhile(of, 400))
  fleet.settled = answer.said === 'yes' || (fleet.gone && answer.said === 'no' && answer.code === 'not_found')
  busy.delete(fleet)
}

function declare(world: World, of: Chance, { name, version, copies }: Fleet): Promise<Said<unknown>> {
  const copy = {
    command: serves(world.notes, version),
    replicas: copies,
    max_restarts: 0,
    backoff: '10ms',
    stop_timeout: '500ms',
    priority: 1,
    update: { max_unavailable: of.between(1, copies), stay_up: '200ms' },
  }
  const document = { name, agents: { copy } }
  const user = world.user(of)
  return world.ask('declare copies', (signal) =>
    user.applyPipeline({ document, cwd: '/tmp', env: ENV }, { signal }),
  )
}

async function changeFleet(world: World, of: Chance): Promise<void> {
  const { fleets } = world.ledger
  const live = fleets.filter((fleet) => !fleet.gone)
  const idle = live.filter((fleet) => !busy.has(fleet))
  if (live.length < MOST_FLEETS && of.percent(30)) {
    const fleet: Fleet = {
      name: freshName('fleet'),
      version: 1,
      copies: of.between(1, MOST_COPIES),
      settled: false,
      gone: false,
    }
    fleets.push(fleet)
    await change(of, fleet, () => declare(world, of, fleet))
    return
  }
  if (idle.length === 0) return
  const fleet = of.of(idle)
  const user = world.user(of)
  switch (of.of(['another', 'another', 'scale', 'scale', 'down'] as const)) {
    case 'another':
      fleet.version += 1
      return change(of, fleet, () => declare(world, of, fleet))
    case 'scale':
      fleet.copies = of.between(1, MOST_COPIES)
      return change(of, fleet, () =>
        world.ask('scale', (signal) => user.scalePipeline(fleet.name, { copy: fleet.copies }, { signal })),
      )
    case 'down':
      fleet.gone = true
      return change(of, fleet, () => world.ask('down', (signal) => user.takeDown(fleet.name, { signal })))
  }
}

export const FLEETS: readonly Action[] = [{ name: 'change a fleet', weight: 3, perform: changeFleet }]
