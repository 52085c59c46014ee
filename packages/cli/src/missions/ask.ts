import type { AskView, OvermindClient } from '@overmind/client'
import { CommandError } from '../failures.ts'

/** The question that is meant: by its id or the beginning of it, or the only one of the mission. */
export async function askOf(client: OvermindClient, ref: string, ask: string | undefined): Promise<AskView> {
  const { id, name } = await client.get(ref)
  const open = (await client.inbox()).filter(({ mission }) => mission === id)
  const found = open.filter((one) => ask === undefined || one.ask.startsWith(ask))
  const [first] = found
  if (first !== undefined && found.length === 1) return first
  if (first === undefined) {
    throw new CommandError(
      'ask_not_found',
      `mission ${id} (${name}) asks nothing${ask === undefined ? '' : ` called ${ask}`}`,
    )
  }
  const names = found.map((one) => one.ask.slice(0, 8)).join(', ')
  throw new CommandError(
    'ambiguous_id',
    `mission ${id} (${name}) asks several things: say which with --ask (${names})`,
  )
}
