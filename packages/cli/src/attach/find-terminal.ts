/** Finding the terminal that a person means, with the daemon or without it. */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  createClient,
  DaemonNotRunning,
  type MissionView,
  resolveHome,
  terminalSocketOf,
} from '@overmind/client'
import { connectTerminal, listTerminals, type Terminal, TerminalNotRunning } from '@overmind/client/terminal'
import { CommandError } from '../failures.ts'

/** How long a run that has just begun may take until its terminal is there. Milliseconds. */
const BEGIN_MS = 10_000
const ASK_AGAIN_MS = 25

/**
 * Connects to the terminal of the mission that an id, a name or the unique beginning of an id means.
 *
 * @throws CommandError `not_terminal`, `not_running`; without a daemon `not_found`, `ambiguous_id`
 */
export async function findTerminal(reference: string): Promise<Terminal> {
  const client = createClient()
  try {
    const { id } = await client.get(reference)
    return await begunTerminal(id, () => client.get(id))
  } catch (error) {
    if (!(error instanceof DaemonNotRunning)) throw error
    return open(await findWithoutDaemon(reference))
  }
}

async function begunTerminal(id: string, view: () => Promise<MissionView>): Promise<Terminal> {
  for (let waited = 0; ; waited += ASK_AGAIN_MS) {
    try {
      return await open(id)
    } catch (error) {
      if (!(error instanceof TerminalNotRunning)) throw error
      const mission = await view()
      if (mission.terminal === null) throw notTerminal(mission)
      if (!mission.phase.startsWith('running') || waited > BEGIN_MS) throw notRunning(mission)
    }
    await sleep(ASK_AGAIN_MS)
  }
}

function open(id: string): Promise<Terminal> {
  return connectTerminal(terminalSocketOf(resolveHome(), id))
}

function notTerminal({ id, name }: MissionView): CommandError {
  return new CommandError(
    'not_terminal',
    `mission ${id} (${name}) is not on a terminal: see its output with overmind logs -f ${name}; ` +
      'overmind run --tty starts a mission on one',
  )
}

function notRunning({ id, name, status }: MissionView): CommandError {
  return new CommandError(
    'not_running',
    `mission ${id} (${name}) has no terminal now, it is ${status}: what it showed is in overmind logs ${name}`,
  )
}

async function findWithoutDaemon(reference: string): Promise<string> {
  const terminals = await listTerminals(resolveHome())
  const named = terminals.filter(({ name }) => name === reference)
  const found = named.length > 0 ? named : terminals.filter(({ mission }) => mission.startsWith(reference))
  const [only, another] = found
  if (another !== undefined) {
    throw new CommandError('ambiguous_id', `${reference} is the beginning of several ids: give more of it`)
  }
  if (only !== undefined) return only.mission
  throw new CommandError(
    'not_found',
    `no mission ${reference} is on a terminal now, and the daemon is not running to know more: overmind start`,
  )
}
