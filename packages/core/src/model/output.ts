/** `output` is stdout and stderr in their true order; a provider that parses stdout gets them apart. */
export type Stream = 'output' | 'stdout' | 'stderr'

/** Bytes of one run's output: `from` inclusive, `to` exclusive, offsets that never change their meaning. */
export interface OutputRange {
  readonly run: number
  readonly stream: Stream
  readonly from: number
  readonly to: number
}
