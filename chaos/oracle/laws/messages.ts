/** What a session is told it hears once, in the order in which it was said. */
import { heardBy } from '../heard.ts'
import { doublesOf, type Kept, keptOf, type Law } from '../sight.ts'

export const messagesAreHeardOnce: Law = (sight) =>
  keptOf(sight).flatMap((kept) => {
    const heard = heardBy(sight, kept)
    return heard === null ? [] : aSession(kept, heard.messages)
  })

function aSession({ entry, mission }: Kept, heard: readonly string[]): readonly string[] {
  const session = `session ${mission.id} (${entry.name})`
  const once = [...new Set(heard)]
  const sent = entry.sent.filter(({ text }) => text !== '')
  const order = once.flatMap((text) => sent.find((each) => each.text === text) ?? [])
  // A program that is not known to Overmind may have heard what it has not answered. Claude Code knows its messages by their numbers.
  const mayRepeat = entry.program.kind === 'hears' ? entry.deaths : 0
  const found: string[] = []
  if (heard.length - once.length > mayRepeat)
    found.push(
      `${session} heard ${doublesOf(heard).join(', ')} more than once, and its agent died ${entry.deaths} times`,
    )
  if (order.length < once.length) found.push(`${session} heard what nobody said`)
  if (order.some(({ answered }, index) => order.slice(0, index).some(({ asked }) => asked > answered)))
    found.push(`${session} heard messages in another order`)
  const missed = sent.filter(({ text, sure }) => sure && !once.includes(text))
  // Who is asked, or sits at its own terminal, listens afterwards.
  const listens = mission.status === 'running' && mission.asks === 0 && mission.terminal === null
  if (listens && missed.length > 0)
    found.push(`${session} runs and has not heard ${missed.map(({ text }) => text).join(', ')}`)
  return found
}
