/** An agent uses the tools of `overmind mcp`, in the name of a mission. */
import { type Agent, type Answered, connectAgent, overStdio } from '../../packages/mcp/test/support/agent.ts'
import { OVERMIND } from '../command.ts'
import { newEntry } from '../ledger.ts'
import type { Chance } from '../random.ts'
import type { World } from '../world.ts'
import { type Action, disturb, freshName, isCrowded, type Known, someone } from './action.ts'
import { counts, planOf } from './programs.ts'

/** Starts some and looks after them, as an agent does that has others work for it. */
async function orchestrate(world: World, of: Chance): Promise<void> {
  const self = someone(world, of)
  if (self === null || (await isCrowded(world))) return
  const args = [OVERMIND, 'mcp', '--as', self.id]
  const transport = overStdio(args, { cwd: '/tmp', env: { OVERMIND_HOME: world.home } })
  let agent: Agent
  try {
    agent = await connectAgent(transport)
  } catch {
    // Its mission is forgotten, or there was no daemon to ask for it.
    return world.ledger.count('mcp: not served')
  }
  await using connected = agent
  const started: string[] = []
  for (let turn = of.between(1, 4); turn > 0; turn -= 1) {
    const id = of.percent(50) ? await start(world, of, { agent: connected, self }) : null
    if (id !== null) started.push(id)
    else await use(world, connected, ['list_missions', {}])
  }
  const look = { missions: started, until: 'any', timeout_seconds: 0.5 }
  if (started.length > 0) await use(world, connected, ['wait_for_missions', look])
}

/** The id of what it has started, if that is sure. */
async function start(
  world: World,
  of: Chance,
  { agent, self }: { readonly agent: Agent; readonly self: Known },
): Promise<string | null> {
  const plan = planOf(of)
  const entry = newEntry(freshName('mcp'), { kind: 'counts', plan }, { runs: 1 })
  // Whoever acts in the name of the same mission may stop it.
  disturb(entry)
  world.ledger.entries.push(entry)
  const command = counts(world.notes, plan)
  const answer = await use(world, agent, ['start_mission', { command, name: entry.name, cwd: '/tmp' }])
  if (answer === null) return null
  const { id, parent } = answer.mission
  entry.id = id
  if (parent !== self.id)
    world.findings.add(`${entry.name} was started for ${self.id} and belongs to ${parent}`)
  if (of.percent(30)) await use(world, agent, ['stop_mission', { mission: id }])
  return id
}

/** What a tool answers; null when it says no, or does not know. */
async function use(
  world: World,
  agent: Agent,
  [name, given]: readonly [string, Readonly<Record<string, unknown>>],
): Promise<Answered | null> {
  try {
    const answer = await agent.ok(name, given)
    world.ledger.count(`${name}: yes`)
    return answer
  } catch (error) {
    const why = String(error)
    const [, code = 'no'] = / failed: (\w+): /.exec(why) ?? []
    world.ledger.count(`${name}: ${code}`)
    if (code === 'internal') world.findings.add(`${name} failed: ${why}`)
    return null
  }
}

export const TOOLS: readonly Action[] = [{ name: 'orchestrate by mcp', weight: 1, perform: orchestrate }]
