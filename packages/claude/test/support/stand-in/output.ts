/** What the CLI prints: one JSON object for each line. */
import { randomUUID } from 'node:crypto'

export type State = 'running' | 'idle' | 'requires_action'
export type Lifecycle = 'queued' | 'started' | 'completed' | 'cancelled'

export interface Output {
  event(fields: { readonly type: string; readonly [field: string]: unknown }): void
  /** Only those who ask for it with an environment variable are told. */
  state(state: State): void
  lifecycle(state: Lifecycle, uuids: readonly string[]): void
}

export interface OutputOptions {
  readonly sessionId: string
  readonly states: 'told' | 'untold'
  /** Tasks whose output is text or one JSON object print nothing before the end. */
  readonly write: (line: string) => void
}

export function openOutput({ sessionId, states, write }: OutputOptions): Output {
  const event: Output['event'] = (fields) => {
    write(`${JSON.stringify({ ...fields, session_id: sessionId, uuid: fields['uuid'] ?? randomUUID() })}\n`)
  }
  return {
    event,
    state(state) {
      if (states === 'told') event({ type: 'system', subtype: 'session_state_changed', state })
    },
    lifecycle(state, uuids) {
      for (const command_uuid of uuids) event({ type: 'command_lifecycle', command_uuid, state })
    },
  }
}
