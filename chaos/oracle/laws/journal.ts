/** The journal tells a story that can have happened. */
import type { EventView } from '@overmind/client'
import type { Law } from '../sight.ts'

export const journalIsInOrder: Law = ({ journal }) => {
  const found: string[] = []
  let last = 0
  for (const { seq } of journal) {
    if (seq <= last) found.push(`event ${seq} comes behind ${last}`)
    last = seq
  }
  return found
}

export const runsFollowEachOther: Law = ({ journal }) => {
  const found: string[] = []
  const runs = new Map<unknown, number>()
  for (const event of journal.filter(({ type }) => type === 'run.starting')) {
    const [mission, run] = [event['mission'], Number(event['run'])]
    const before = runs.get(mission) ?? 0
    if (run !== before + 1) found.push(`mission ${String(mission)} starts run ${run} behind run ${before}`)
    runs.set(mission, run)
  }
  return found
}

/** What may happen once in a story; the key says to what. */
const ONCE: Readonly<Record<string, (event: EventView) => string>> = {
  'run.exited': (event) => `run ${String(event['mission'])}.${String(event['run'])}`,
  'message.queued': (event) => `message ${String(event['message'])}`,
  'message.answered': (event) => `message ${String(event['message'])}`,
  'ask.answered': (event) => `question ${String(event['ask'])} of ${String(event['mission'])}`,
}

export const onceIsOnce: Law = ({ journal }) => {
  const known = new Set<string>()
  return journal.flatMap((event) => {
    const of = ONCE[event.type]?.(event)
    if (of === undefined) return []
    const key = `${of} has a second ${event.type}`
    if (known.has(key)) return [key]
    known.add(key)
    return []
  })
}

/** What has been answered is not told again. */
export const answeredIsDone: Law = ({ journal }) => {
  const answered = new Set<unknown>()
  return journal.flatMap((event) => {
    if (event.type === 'message.answered') answered.add(event['message'])
    return event.type === 'message.handed' && answered.has(event['message'])
      ? [`message ${String(event['message'])} was answered, and then handed on again`]
      : []
  })
}
