import type { EventType, MissionEvent } from '@overmind/core'

/** Every type of event in the journal, and of whom it is. */
const EVENTS: { readonly [T in EventType]: T extends MissionEvent['type'] ? 'mission' : 'runtime' } = {
  'mission.created': 'mission',
  'run.starting': 'mission',
  'run.started': 'mission',
  'run.refused': 'mission',
  'run.adopted': 'mission',
  'run.orphaned': 'mission',
  'run.output': 'mission',
  'run.trimmed': 'mission',
  'run.untrimmed': 'mission',
  'run.stalled': 'mission',
  'run.nudged': 'mission',
  'run.recovered': 'mission',
  'run.ending': 'mission',
  'run.exited': 'mission',
  'run.ended': 'mission',
  'mission.restarting': 'mission',
  'mission.limited': 'mission',
  'mission.queued': 'mission',
  'session.ready': 'mission',
  'session.named': 'mission',
  'session.trouble': 'mission',
  'message.queued': 'mission',
  'message.handed': 'mission',
  'message.taken': 'mission',
  'message.returned': 'mission',
  'message.answered': 'mission',
  'turn.interrupting': 'mission',
  'turn.ended': 'mission',
  'ask.opened': 'mission',
  'ask.answered': 'mission',
  'ask.withdrawn': 'mission',
  'team.restarting': 'mission',
  'mission.exited': 'mission',
  'mission.moved': 'mission',
  'mission.removed': 'mission',
  'runtime.started': 'runtime',
  'runtime.stopped': 'runtime',
  'team.started': 'runtime',
  'team.ended': 'runtime',
  'store.replaced': 'runtime',
  'store.mended': 'runtime',
}

const TYPES = Object.keys(EVENTS)

/** What a pattern may be: each type, and each beginning with what stands for the rest. */
export const PATTERNS: readonly string[] = [
  ...TYPES,
  ...new Set(TYPES.map((type) => type.replace(/\..*/, '.*'))),
]

/** Whether an event of this type is meant by a pattern: its type, or its beginning followed by `.*`. */
export function fitsEvent(pattern: string, type: string): boolean {
  return pattern.endsWith('.*') ? type.startsWith(pattern.slice(0, -1)) : pattern === type
}

/** Whether some event of a mission is meant by it. */
export function isOfMissions(pattern: string): boolean {
  return Object.entries(EVENTS).some(([type, whose]) => whose === 'mission' && fitsEvent(pattern, type))
}
