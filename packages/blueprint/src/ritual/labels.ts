/** The labels by which a ritual knows what it has started, and for which of its times. */
export const RITUAL_LABEL = 'overmind/ritual'
export const DUE_LABEL = 'overmind/due'
