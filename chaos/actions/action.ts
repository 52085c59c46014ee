/** What actions have in common. */
import type { Entry, Said } from '../ledger.ts'
import type { Chance } from '../random.ts'
import type { World } from '../world.ts'

export interface Action {
  readonly name: string
  readonly weight: number
  perform(world: World, of: Chance): Promise<void>
}

/** With more than this at work, nothing is started. */
const CROWD = 40

/** Where programs are found, and nothing else of who starts them. */
export const ENV: Readonly<Record<string, string>> = { PATH: process.env['PATH'] ?? '' }

let named = 0
export const freshName = (kind: string): string => `${kind}-${(named += 1)}`

export type Known = Entry & { readonly id: string }

/** One that may still be there. */
export function someone(
  { ledger }: World,
  of: Chance,
  test: (entry: Entry) => boolean = () => true,
): Known | null {
  const known = ledger.entries.filter(
    (entry): entry is Known => entry.id !== null && !entry.removed && test(entry),
  )
  // Mostly one of the latest: most others have ended.
  const recent = known.slice(-CROWD)
  return known.length === 0 ? null : of.of(of.percent(80) ? recent : known)
}

export async function isCrowded({ client }: World): Promise<boolean> {
  try {
    const { missions } = await client.status()
    return missions.pending + missions.running + missions.stalled + missions.restarting > CROWD
  } catch {
    // It is away: what is asked of it next will say so.
    return false
  }
}

export const isTerminal = ({ program: { kind } }: Entry): boolean => kind === 'reads-typing'

/** Of somebody's window. */
export const sizeOf = (of: Chance): { readonly columns: number; readonly rows: number } => ({
  // No line is longer: none is wrapped.
  columns: of.between(60, 120),
  rows: of.between(5, 40),
})

export const isSession = ({ program: { kind } }: Entry): boolean => kind === 'hears' || kind === 'converses'

/** Notes that a run of it may be ended from now on. */
export function disturb(entry: Entry): void {
  entry.disturbed = true
  entry.deaths += 1
}

/** Asks until the answer came; whether it was a yes. Only for what may be asked again. */
export async function insist(
  ask: () => Promise<Said<unknown>>,
  rest: () => Promise<void>,
): Promise<Said<unknown>> {
  for (let tries = 0; tries < 20; tries += 1) {
    const answer = await ask()
    const isAway = answer.said === 'no' && (answer.code === 'away' || answer.code === 'runtime_closed')
    if (answer.said !== 'unsure' && !isAway) return answer
    await rest()
  }
  return { said: 'unsure' }
}
