import type { Slots } from '../../src/mission/mission.ts'

/** No limits on how many missions are at work. */
export const ROOM_FOR_ALL: Slots = { full: () => [], note: () => {} }
