import type { Agent, Condition, Dependency, OnFailure } from '../../src/blueprint.ts'

/** An agent that is nothing but its place among others. */
export const agent = (name: string, ...dependsOn: readonly Dependency[]): Agent => ({
  name,
  replica: null,
  team: null,
  mission: { command: 'true' },
  env: {},
  dependsOn,
  ready: null,
  alive: null,
})

export const on = (
  name: string,
  when: Condition = 'completed',
  onFailure: OnFailure = 'skip',
): Dependency => ({ agent: name, when, onFailure })
