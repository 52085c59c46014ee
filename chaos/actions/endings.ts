/** Missions are ended, begun again and forgotten. */
import type { CallOptions } from '@overmind/client'
import type { Chance } from '../random.ts'
import type { User } from '../user.ts'
import type { World } from '../world.ts'
import { type Action, disturb, type Known, someone } from './action.ts'

/** Does something to a mission that ends a run of it, or may. */
function ends(
  name: string,
  weight: number,
  request: (user: User, entry: Known, options: CallOptions & { readonly of: Chance }) => Promise<unknown>,
): Action {
  return {
    name,
    weight,
    async perform(world, of) {
      const entry = someone(world, of)
      if (entry === null) return
      // Before, since its run may end at any moment from now on.
      disturb(entry)
      const user = world.user(of)
      await world.ask(name, (signal) => request(user, entry, { signal, of }))
    },
  }
}

/** Ends all that belongs to a mission; who that is, the daemon knows best. */
async function cascade(world: World, of: Chance): Promise<void> {
  const { client, ledger } = world
  const entry = someone(world, of)
  if (entry === null) return
  const listed = await world.ask('ps', (signal) => client.list({ all: true, signal }))
  if (listed.said !== 'yes') return
  const family = new Set([entry.id])
  const byParent = Map.groupBy(listed.value.missions, ({ parent }) => parent)
  // It grows while it is walked through.
  for (const member of family) for (const { id } of byParent.get(member) ?? []) family.add(id)
  for (const each of ledger.entries) {
    // Whoever joins it meanwhile says so when it is accepted.
    if ((each.id !== null && family.has(each.id)) || each.id === null) disturb(each)
  }
  const user = world.user(of)
  await world.ask('kill --cascade', (signal) => user.kill(entry.id, { signal, cascade: true }))
}

async function remove(world: World, of: Chance): Promise<void> {
  const entry = someone(world, of)
  if (entry === null) return
  entry.removed = true
  const user = world.user(of)
  const answer = await world.ask('rm', (signal) => user.remove(entry.id, { signal }))
  if (answer.said === 'no') entry.removed = answer.code === 'not_found'
}

async function prune(world: World, of: Chance): Promise<void> {
  const { ledger } = world
  const user = world.user(of)
  const answer = await world.ask('prune', (signal) => user.prune({ signal, olderThanMs: 2000 }))
  if (answer.said === 'no') return
  const gone = answer.said === 'yes' ? new Set(answer.value.removed) : null
  for (const asked of [...ledger.entries, ...ledger.rituals]) {
    // Nobody can tell which, when the answer never came.
    if (gone === null || (asked.id !== null && gone.has(asked.id))) asked.removed = true
  }
  for (const pipeline of ledger.pipelines) pipeline.removed = true
}

export const ENDINGS: readonly Action[] = [
  ends('stop', 6, (user, { id }, { signal, of }) =>
    user.stop(id, { signal, timeoutMs: of.of([undefined, 0, 300]) }),
  ),
  ends('kill', 4, (user, { id }, { signal }) => user.kill(id, { signal })),
  ends('restart', 4, (user, { id }, { signal }) => user.restart(id, { signal })),
  { name: 'kill --cascade', weight: 1, perform: cascade },
  { name: 'rm', weight: 4, perform: remove },
  { name: 'prune', weight: 1, perform: prune },
]
