/** Questions to the host: may this tool run? */
import { randomUUID } from 'node:crypto'
import type { Output } from './output.ts'
import { commandOf, type ToolCall } from './permissions.ts'

export interface Verdict {
  readonly behavior: 'allow' | 'deny'
  readonly updatedInput?: ToolCall['input']
  readonly updatedPermissions?: readonly Update[]
  readonly message?: string
  readonly interrupt?: boolean
}

export interface Update {
  readonly type: string
  readonly mode?: string
  readonly rules?: readonly { readonly toolName: string; readonly ruleContent?: string }[]
}

export interface Asks {
  /** Settles with the host's answer; pending asks are never settled once they are withdrawn. */
  ask(call: ToolCall & { readonly id: string }): Promise<Verdict>
  /** Ids that nobody asked for are ignored. */
  answer(requestId: string, verdict: Verdict): void
  pending(): readonly object[]
  withdraw(): 'withdrawn' | 'none'
}

export function openAsks(output: Output): Asks {
  const asks = new Map<string, { readonly request: object; readonly settle: (verdict: Verdict) => void }>()
  return {
    ask(call) {
      const request_id = randomUUID()
      const request = {
        subtype: 'can_use_tool',
        tool_name: call.name,
        display_name: call.name,
        input: call.input,
        description: commandOf(call),
        permission_suggestions: suggestions(call),
        tool_use_id: call.id,
      }
      output.state('requires_action')
      output.event({ type: 'control_request', request_id, request })
      return new Promise((settle) => asks.set(request_id, { request: { request_id, request }, settle }))
    },
    answer(requestId, verdict) {
      const ask = asks.get(requestId)
      if (!ask) return
      asks.delete(requestId)
      output.state('running')
      ask.settle(verdict)
    },
    pending: () => [...asks.values()].map(({ request }) => request),
    withdraw() {
      if (asks.size === 0) return 'none'
      for (const request_id of asks.keys()) output.event({ type: 'control_cancel_request', request_id })
      asks.clear()
      return 'withdrawn'
    },
  }
}

function suggestions(call: ToolCall): readonly object[] {
  const rule =
    call.name === 'Bash' ? { toolName: 'Bash', ruleContent: commandOf(call) } : { toolName: call.name }
  return [
    { type: 'addRules', rules: [rule], behavior: 'allow', destination: 'localSettings' },
    { type: 'setMode', mode: 'acceptEdits', destination: 'session' },
  ]
}
