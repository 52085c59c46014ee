import type { Stream, Streams } from '../model/output.ts'
import type { Clock } from '../model/time.ts'
import type { Home } from './home.ts'
import type { HostEvent, Seen } from './host.ts'
import { type OutputWatch, watchOutput } from './output-watch.ts'
import type { RunRef } from './run-ref.ts'

export type OutputStreams = ReadonlyMap<Stream, { readonly path: string; readonly watch: OutputWatch }>

/** A run as far as its output is concerned. */
export interface WatchedRun extends RunRef {
  readonly streams: Streams
  readonly outputLimitBytes: number
  readonly seen: Seen
}

export function streamsOf(streams: Streams): readonly Stream[] {
  switch (streams) {
    case 'merged':
    case 'terminal':
    case 'inner':
      return ['output']
    case 'split':
    case 'talk':
      return ['stdout', 'stderr']
  }
}

/** Watches the output files of a run, and tells what it learns. */
export function watchStreams(
  { mission, run, streams, outputLimitBytes, seen }: WatchedRun,
  {
    home,
    clock,
    emit,
  }: { readonly home: Home; readonly clock: Clock; readonly emit: (event: HostEvent) => void },
): OutputStreams {
  const ref: RunRef = { mission, run }
  return new Map(
    streamsOf(streams).map((stream) => {
      const path = home.outputFile(mission, run, stream)
      const watch = watchOutput({
        path,
        clock,
        limitBytes: outputLimitBytes,
        from: seen[stream]?.to ?? 0,
        trimmedTo: seen[stream]?.trimmedTo ?? 0,
        onGrowth: (from, to) => emit({ type: 'output', ref, stream, from, to }),
        onTrim: (to) => emit({ type: 'trimming', ref, stream, to }),
        onFault: (error) => emit({ type: 'fault', error }),
        onUntrimmable: (reason) => emit({ type: 'untrimmable', ref, reason }),
      })
      return [stream, { path, watch }]
    }),
  )
}
