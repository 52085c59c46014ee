import type { MissionExit } from '@overmind/core'

/** What a pipeline ends with whose agents another one takes over. */
export const HANDED_OVER = 3

export function wasHandedOver({ code }: MissionExit): boolean {
  return code === HANDED_OVER
}
