/** Who wants to be told of events is. */
import type { Law } from '../sight.ts'

/** Those who followed all events, through the deaths of all daemons. */
export const followersAreToldOnce: Law = ({ followed, journal }) => {
  const missed = journal
    .filter(({ seq }) => !followed.told.has(seq))
    .map(({ seq, type }) => `${seq} (${type})`)
  return [
    ...(missed.length === 0 ? [] : [`who follows was not told of ${missed.slice(0, 5).join(', ')}`]),
    ...followed.twice.map((seq) => `who follows was told of ${seq} twice`),
  ]
}

/** A hook that is to be told of ends, maybe more than once. */
export const hooksAreTold: Law = ({ records, journal }) => {
  const told = new Set(records.note('told')?.map(Number))
  return journal
    .filter(({ type, seq }) => type === 'mission.exited' && !told.has(seq))
    .map(({ seq }) => `the hook was not told of ${seq}`)
}
