/** `output` is stdout and stderr in their true order; a provider that parses stdout gets them apart. */
export type Stream = 'output' | 'stdout' | 'stderr'

/**
 * How a run is connected. `merged`: no input, all output in true order, for people. `split`: stderr is kept apart. `talk`: as
 * `split`, and it may be told things. `terminal`: it draws on a screen. `inner`: it is no process, and writes to one file.
 */
export type Streams = 'merged' | 'split' | 'talk' | 'terminal' | 'inner'
