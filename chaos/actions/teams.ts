/** Members that count, are ended and started again with each other. */
import { newEntry } from '../ledger.ts'
import { type Action, ENV, freshName, isCrowded } from './action.ts'
import { counts, planOf } from './programs.ts'

export const startTeam: Action = {
  name: 'start a team',
  weight: 2,
  async perform(world, of) {
    if (await isCrowded(world)) return
    const { client, ledger, notes } = world
    const name = freshName('team')
    const plans = Array.from({ length: of.between(1, 3) }, () => planOf(of))
    const entries = plans.map((plan, index) => {
      const entry = newEntry(`${name}.member-${index + 1}`, { kind: 'counts', plan })
      entry.disturbed = true
      entry.deaths = Number.POSITIVE_INFINITY
      return entry
    })
    ledger.entries.push(...entries)
    const members = plans.map((plan, index) => ({
      id: `member-${index + 1}`,
      mission: { command: counts(notes, plan), cwd: '/tmp', env: ENV, stop_timeout_ms: 200 },
      restart: of.of(['permanent', 'transient', 'temporary'] as const),
    }))
    const strategy = of.of(['one_for_one', 'one_for_all', 'rest_for_one'] as const)
    await world.ask('team', (signal) => client.startTeam({ name, strategy, members }, { signal }))
  },
}

export const stopTeam: Action = {
  name: 'stop a team',
  weight: 1,
  async perform({ client, ask }, of) {
    const teams = await ask('teams', (signal) => client.teams({ signal }))
    const live =
      teams.said === 'yes'
        ? teams.value.filter(({ outcome, name }) => outcome === null && !name.includes('.'))
        : []
    if (live.length > 0) {
      const { name } = of.of(live)
      await ask('stop a team', (signal) => client.stopTeam(name, { signal }))
    }
  },
}
