import type { Mission } from '@overmind/core'

/** So much of what a command wrote is its result, from the end. Bytes. */
const LONGEST = 16 * 1024 * 1024

/** What a mission has to show for itself: the last answer of an agent, or what a command wrote, without the last line's end. */
export async function resultOf(mission: Mission): Promise<string> {
  const answer = await mission.result()
  if (answer !== null) return answer.text
  if (mission.talk !== null || mission.view().state.run === 0) return ''
  let parts: Buffer[] = []
  let length = 0
  for await (const part of mission.output({ follow: false })) {
    parts.push(Buffer.from(part))
    length += part.length
    if (length > 2 * LONGEST) {
      parts = [Buffer.concat(parts).subarray(-LONGEST)]
      length = LONGEST
    }
  }
  return Buffer.concat(parts)
    .subarray(-LONGEST)
    .toString('utf8')
    .replace(/\r?\n$/, '')
}
