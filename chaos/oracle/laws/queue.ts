/** Nobody waits where there is room. */
import type { Law } from '../sight.ts'

export const whoWaitsHasNoRoom: Law = ({ queue }) => {
  const full = new Set(queue.limits.filter(({ most, taken }) => taken >= most).map(({ scope }) => scope))
  return queue.waiting
    .filter(
      ({ colony, provider }) =>
        !['missions', `provider ${provider}`, `colony ${colony}`].some((scope) => full.has(scope)),
    )
    .map(({ mission, name }) => `mission ${mission} (${name}) waits for a slot, and there is room`)
}
