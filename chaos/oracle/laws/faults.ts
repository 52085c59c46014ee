/** No daemon has had an error of its own. */
import type { Law } from '../sight.ts'

/** The mistake in the settings that is made on purpose: with that no daemon starts. */
const MEANT = /^could not start: .*: limits\.missions must be a number: got "many"$/

export const daemonsHaveNoFaults: Law = ({ faults }) =>
  faults.filter((fault) => !MEANT.test(fault)).map((fault) => `a daemon noted: ${fault}`)
