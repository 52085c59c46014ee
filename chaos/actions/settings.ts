/** Limits are changed while missions are at work and wait; now and then by mistake. */
import type { Chance } from '../random.ts'
import { aWhile, type World } from '../world.ts'
import type { Action } from './action.ts'

const someLimits = (of: Chance): Parameters<World['configure']>[0] => ({
  missions: of.between(5, 30),
  blue: of.between(1, 10),
})

async function mistake(world: World, of: Chance): Promise<void> {
  await world.misconfigure()
  const user = world.user(of)
  const answer = await world.ask('reload a mistake', (signal) => user.reload({ signal }))
  await aWhile(of, 500)
  await world.configure(someLimits(of))
  // Somebody else may have written others meanwhile, and those are read.
  if (answer.said === 'no' && !['invalid_config', 'away', 'runtime_closed'].includes(answer.code))
    world.findings.add(`a mistake in the settings is answered with ${answer.code}`)
}

export const SETTINGS: readonly Action[] = [
  {
    name: 'reload',
    weight: 1,
    async perform(world, of) {
      await world.configure(someLimits(of))
      const user = world.user(of)
      await world.ask('reload', (signal) => user.reload({ signal }))
    },
  },
  { name: 'a mistake in the settings', weight: 1, perform: mistake },
]
