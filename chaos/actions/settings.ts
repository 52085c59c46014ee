/** Limits are changed while missions are at work and wait. */
import type { Action } from './action.ts'

export const SETTINGS: readonly Action[] = [
  {
    name: 'reload',
    weight: 1,
    async perform(world, of) {
      await world.configure({ missions: of.between(5, 30), blue: of.between(1, 10) })
      const user = world.user(of)
      await world.ask('reload', (signal) => user.reload({ signal }))
    },
  },
]
