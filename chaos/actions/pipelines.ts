/** Blueprints of a few counting agents, each of which waits for some of those before it; some are a team. */
import type { Pipeline } from '../ledger.ts'
import { type Action, ENV, freshName, isCrowded } from './action.ts'
import { counts } from './programs.ts'

export const apply: Action = {
  name: 'apply',
  weight: 3,
  async perform(world, of) {
    if (await isCrowded(world)) return
    const { ledger, notes } = world
    const name = freshName('line')
    const names = Array.from({ length: of.between(2, 6) }, (_, index) => `agent-${index + 1}`)
    const needs = new Map(
      names.map((agent, index) => [agent, names.slice(0, index).filter(() => of.percent(40))] as const),
    )
    // Neighbours, so that nobody outside stands between two members.
    const from = of.between(0, names.length - 2)
    const team = new Set(of.percent(30) ? names.slice(from, from + of.between(2, 3)) : [])
    const agents = Object.fromEntries(
      names.map((agent) => {
        const plan = { lines: of.between(0, 10), pauseSeconds: 0.02, code: 0, manner: 'plain' } as const
        const membership = team.has(agent) ? { team: 'crew' } : {}
        return [agent, { command: counts(notes, plan), depends_on: needs.get(agent) ?? [], ...membership }]
      }),
    )
    const strategy = of.of(['one_for_one', 'one_for_all', 'rest_for_one'] as const)
    const document = { name, agents, ...(team.size === 0 ? {} : { teams: { crew: { strategy } } }) }
    const user = world.user(of)
    const answer = await world.ask('apply', (signal) =>
      user.applyPipeline({ document, cwd: '/tmp', env: ENV }, { signal }),
    )
    if (answer.said === 'no') return
    const sure = answer.said === 'yes'
    const pipeline: Pipeline = { name, sure, needs, team, disturbed: false, removed: false }
    ledger.pipelines.push(pipeline)
  },
}
