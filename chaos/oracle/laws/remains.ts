/** What is left when everything has been ended: nothing. */
import type { Seen } from '../../processes.ts'

export interface Remains {
  readonly processes: readonly Seen[]
  /** Pipes and sockets in the home. */
  readonly pipes: readonly string[]
  /** What a daemon without missions has open. */
  readonly open: readonly string[]
}

export function nothingIsLeft({ processes, pipes, open }: Remains): readonly string[] {
  return [
    ...processes.map(({ pid, name }) => `process ${pid} (${name}) is left`),
    ...pipes.map((name) => `${name} is left in the home`),
    ...open
      .filter((name) => name.endsWith(' (deleted)') || name.includes('/output/'))
      .map((name) => `the daemon still has ${name} open`),
  ]
}
