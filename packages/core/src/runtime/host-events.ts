import type { Clock } from '../model/time.ts'
import type { HostEvent } from '../process/host.ts'
import type { EarlierOutput } from './earlier-output.ts'
import type { Listener } from './listener.ts'
import type { OutputFiles } from './output-files.ts'
import type { OutputNotes } from './output-notes.ts'
import type { Registry } from './registry.ts'
import type { Writer } from './writer.ts'

export interface HostEventsDeps {
  readonly registry: Registry
  readonly listener: Listener
  readonly writer: Writer
  readonly clock: Clock
  readonly outputs: OutputFiles
  readonly outputNotes: OutputNotes
  readonly earlierOutput: EarlierOutput
  readonly onFault: (error: unknown) => void
}

/** Hands on what the process host tells: what a mission must know to its actor, what only adds detail to the journal. */
export function hostEvents(deps: HostEventsDeps): (event: HostEvent) => void {
  const { registry, listener, writer, clock, outputs, outputNotes, earlierOutput, onFault } = deps
  return (event) => {
    if (event.type === 'fault') return onFault(event.error)
    const { mission, run } = event.ref
    const at = clock.now().wall
    switch (event.type) {
      case 'started': {
        const actor = registry.find(mission)?.actor
        actor?.tell({ type: 'spawned', run, process: event.process, at: event.at })
        if (actor !== undefined) earlierOutput.begun(actor.record())
        listener.listen(event.ref)
        return
      }
      case 'refused':
        registry.find(mission)?.actor.tell({ ...event, run })
        return
      case 'exited':
      case 'emptied':
        outputNotes.over(event.ref)
        // All that it said comes first.
        listener.afterAll(event.ref, () => registry.find(mission)?.actor.tell({ ...event, run }))
        return
      case 'told':
        registry.find(mission)?.actor.tell({ type: 'told', run, key: event.key })
        return
      case 'deaf':
        registry.find(mission)?.actor.tell({ type: 'unhealthy', run })
        return
      case 'orphaned':
        writer.note({
          type: 'run.orphaned',
          mission,
          run,
          at,
          reason: 'its keeper was ended from outside; the command goes on',
        })
        return
      case 'output':
        outputNotes.note({
          type: 'run.output',
          mission,
          run,
          at,
          stream: event.stream,
          from: event.from,
          to: event.to,
        })
        return
      case 'trimming':
        // Before it happens: afterwards these bytes are nobody's output.
        writer.commit({
          events: [{ type: 'run.trimmed', mission, run, at, stream: event.stream, to: event.to }],
        })
        outputs.trim(event.ref, event.stream, event.to)
        return
      case 'untrimmable':
        writer.note({ type: 'run.untrimmed', mission, run, at, reason: event.reason })
    }
  }
}
