/** No daemon has had an error of its own. */
import type { Law } from '../sight.ts'

export const daemonsHaveNoFaults: Law = ({ faults }) => faults.map((fault) => `a daemon noted: ${fault}`)
