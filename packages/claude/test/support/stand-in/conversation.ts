/** A session: messages in order, one turn at a time, and what the host controls. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { openAsks, type Update, type Verdict } from './asks.ts'
import type { Model } from './model.ts'
import type { Money } from './money.ts'
import type { Options, PermissionMode } from './options.ts'
import type { Output } from './output.ts'
import { type AssistantEntry, continuation, type Transcript, type UserEntry } from './transcript.ts'
import { type Abort, type Incoming, runTurn } from './turn.ts'

export interface Conversation {
  /** A message of the host; one it has seen is not answered again. */
  send(message: Incoming): void
  answer(requestId: string, verdict: Verdict): void
  control(requestId: string, request: ControlRequest): void
  /** What a resume does on its own: a turn that was cut short goes on. */
  continueInterrupted(): void
  /** Breaks off the turn; settles when its result is out. */
  stop(by: Abort): Promise<void>
  /** Settles when nothing is left to do. */
  idle(): Promise<void>
  /** 1 when the last result was an error. */
  exitCode(): number
}

export interface ControlRequest {
  readonly subtype: string
  readonly mode?: string
  readonly cancel_queued?: boolean
}

export interface ConversationOptions {
  readonly options: Options
  readonly sessionId: string
  readonly version: string
  readonly apiKeySource: string
  readonly output: Output
  readonly transcript: Transcript
  readonly model: Model
  readonly money: Money
  /** `end_session`: the conversation is over. */
  readonly onEnd: () => void
}

/** Milliseconds between taking a message and its turn, in which the CLI puts its context together. */
const preparation = 20

/** How a turn may end whose messages count as completed, whether it failed or not. */
const endings = ['completed', 'max_turns']

const capabilities = ['interrupt_receipt_v1', 'interrupt_cancel_queued_v1', 'msg_lifecycle_v1']

const modes: readonly PermissionMode[] = [
  'acceptEdits',
  'auto',
  'bypassPermissions',
  'default',
  'dontAsk',
  'plan',
]

export function openConversation({
  options,
  sessionId,
  version,
  apiKeySource,
  output,
  transcript,
  model,
  money,
  onEnd,
}: ConversationOptions): Conversation {
  const asks = openAsks(output)
  const rules = [...options.allowedTools]
  /** Of this process. */
  const seen = new Set<string>()
  /** Sent again while the turn that answers them goes on. */
  const repeated: string[] = []
  let mode = options.permissionMode
  let queue: Incoming[] = []
  let busy: Busy | undefined
  let results = 0
  let exitCode = 0
  let before = transcript.found

  const learn = ({ updatedPermissions = [] }: Verdict): void => updatedPermissions.forEach(update)
  const update = (change: Update): void => {
    if (change.type === 'setMode') mode = modes.find((each) => each === change.mode) ?? mode
    for (const { toolName, ruleContent } of change.rules ?? []) {
      rules.push(ruleContent === undefined ? toolName : `${toolName}(${ruleContent})`)
    }
  }
  const take = (): readonly Incoming[] => {
    const taken = queue
    queue = []
    output.lifecycle('started', taken.flatMap(uuidOf))
    return taken
  }
  const next = (): Round | undefined => {
    if (queue.length === 0) return undefined
    const messages = take()
    return { kind: 'new', messages, command: messages.flatMap(uuidOf) }
  }

  /** Turns, until no message waits. `first` is what a resume goes on with. */
  const start = (first?: Round): void => {
    const work = async (mine: Busy): Promise<void> => {
      for (let round = first ?? next(); round; round = next()) {
        mine.abort = new AbortController()
        await sleep(preparation)
        await play(round, mine.abort.signal)
        if (mine.abort.signal.aborted && mine.abort.signal.reason !== ('interrupt' satisfies Abort)) break
      }
      busy = undefined
      if (mine.abort.signal.reason !== ('signal' satisfies Abort)) output.state('idle')
    }
    const mine: Busy = { abort: new AbortController(), done: Promise.resolve() }
    busy = mine
    mine.done = work(mine)
  }

  const play = async ({ kind, messages, command }: Round, signal: AbortSignal): Promise<void> => {
    output.event(init())
    remember({ kind, messages, command })
    const { is_error, fields, joined } = await runTurn(
      {
        sessionId,
        output,
        transcript,
        model,
        money,
        asks,
        policy: () => ({ mode, rules }),
        learn,
        limits: { turns: options.maxTurns, dollars: options.maxBudget, asks: options.asks },
        modelName: options.model,
        join: take,
        echo: options.echo,
      },
      { messages, resumed: kind !== 'new', signal },
    )
    exitCode = is_error ? 1 : 0
    const ended = endings.includes(String(fields['terminal_reason'])) ? 'completed' : 'cancelled'
    output.lifecycle(ended, joined.flatMap(uuidOf))
    transcript.flush()
    const position = { queued_turn_count: queue.length, result_index: results }
    output.event({ type: 'result', ...fields, ...money.settle(options.model), ...position })
    results += 1
    output.lifecycle(ended, command)
    output.lifecycle('completed', repeated.splice(0))
  }

  const remember = ({ kind, messages, command }: Round): void => {
    if (kind === 'continued') {
      transcript.append(...command.map((uuid) => userEntry(uuid, continuation, { isMeta: true })))
    }
    if (kind !== 'new') return
    if (before === 'conversation' && transcript.messages().at(-1)?.role === 'user' && results === 0) {
      transcript.append(noResponse())
    }
    transcript.append(...messages.map(({ uuid = randomUUID(), text }) => userEntry(uuid, text)))
    if (before !== 'conversation') transcript.append({ type: 'attachment' })
    before = 'conversation'
  }

  const init = (): Parameters<Output['event']>[0] => ({
    type: 'system',
    subtype: 'init',
    cwd: process.cwd(),
    tools: ['Bash', 'Read', 'Write'],
    mcp_servers: [],
    model: options.model,
    permissionMode: mode,
    slash_commands: [],
    apiKeySource,
    output_style: 'default',
    claude_code_version: version,
    capabilities,
  })

  const stop = async (by: Abort): Promise<void> => {
    const { abort, done } = busy ?? {}
    abort?.abort(by)
    await done
  }

  const controls: Readonly<Record<string, (request: ControlRequest, reply: Reply) => void>> = {
    initialize: (_, reply) =>
      reply.success(
        {
          commands: [],
          models: [],
          agents: [],
          output_style: 'default',
          account: { tokenSource: 'none', apiKeySource },
          pid: process.pid,
          claude_code_version: version,
          current_permission_mode: mode,
          session_state: asks.pending().length > 0 ? 'requires_action' : busy ? 'running' : 'idle',
        },
        { pending_permission_requests: asks.pending() },
      ),
    interrupt: ({ cancel_queued }, reply) => {
      const withdrawn = asks.withdraw()
      const waiting = queue.flatMap(({ uuid }) => uuid ?? [])
      if (cancel_queued) queue = []
      reply.success(cancel_queued ? { still_queued: [], cancelled: waiting } : { still_queued: waiting })
      if (withdrawn === 'withdrawn') output.state('running')
      void stop('interrupt')
    },
    end_session: (_, reply) => {
      reply.success()
      onEnd()
    },
    set_permission_mode: ({ mode: wanted }, reply) => {
      const found = modes.find((each) => each === wanted)
      if (found === undefined) {
        return reply.error(`Cannot set permission mode: must be one of ${modes.join(', ')}`, 'invalid_mode')
      }
      if (found === 'bypassPermissions' && options.permissionMode !== found) {
        return reply.error(
          'Cannot set permission mode to bypassPermissions because the session was not launched with --dangerously-skip-permissions',
          'bypass_not_launched',
        )
      }
      mode = found
      reply.success({ mode })
      output.event({ type: 'system', subtype: 'status', status: null, permissionMode: mode })
    },
  }

  return {
    send(message) {
      const [uuid] = uuidOf(message)
      if (uuid !== undefined && isRepeated(uuid)) return
      queue.push(message)
      if (busy) return output.lifecycle('queued', uuidOf(message))
      output.state('running')
      output.lifecycle('queued', uuidOf(message))
      start()
    },
    answer: (requestId, verdict) => asks.answer(requestId, verdict),
    control(requestId, request) {
      const control = controls[request.subtype]
      const reply = replyTo(requestId, output)
      if (control) control(request, reply)
      else reply.error(`Unsupported control request subtype: ${request.subtype}`, 'unsupported_request')
    },
    continueInterrupted() {
      const rest = transcript.rest()
      if (rest.kind === 'done') return
      const messages = [{ uuid: rest.uuid, text: '' }]
      const round: Round =
        rest.kind === 'unanswered'
          ? { kind: 'repeated', messages, command: [rest.uuid] }
          : { kind: 'continued', messages, command: [randomUUID()] }
      if (rest.kind === 'unanswered') seen.add(rest.uuid)
      output.state('running')
      output.lifecycle('started', round.command)
      start(round)
    },
    stop,
    async idle() {
      while (busy) await busy.done
    },
    exitCode: () => exitCode,
  }

  /** What is on disk as the last thing said may have been lost on its way to the model: it is no repetition. */
  function isRepeated(uuid: string): boolean {
    const known = seen.has(uuid) ? 'seen' : transcript.find(uuid)
    seen.add(uuid)
    if (known === 'unknown' || known === 'last') return false
    if (known === 'said' && busy) {
      repeated.push(uuid)
      return true
    }
    if (known !== 'seen') output.lifecycle('completed', [uuid])
    if (!busy) output.state('idle')
    return true
  }
}

interface Busy {
  abort: AbortController
  done: Promise<void>
}

interface Round {
  /** A message that is answered from its start, one that is answered again, a turn that goes on. */
  readonly kind: 'new' | 'repeated' | 'continued'
  readonly messages: readonly Incoming[]
  /** The ids under which its lifecycle is told. */
  readonly command: readonly string[]
}

interface Reply {
  success(response?: object, beside?: object): void
  error(error: string, error_code: string): void
}

function replyTo(request_id: string, output: Output): Reply {
  const reply = (response: object): void => output.event({ type: 'control_response', response })
  return {
    success: (response, beside = {}) =>
      reply({ subtype: 'success', request_id, ...(response ? { response } : {}), ...beside }),
    error: (error, error_code) => reply({ subtype: 'error', request_id, error, error_code }),
  }
}

function uuidOf({ uuid }: Incoming): readonly string[] {
  return uuid === undefined ? [] : [uuid]
}

function userEntry(uuid: string, text: string, marks: Partial<UserEntry> = {}): UserEntry {
  return { type: 'user', uuid, message: { role: 'user', content: [{ type: 'text', text }] }, ...marks }
}

function noResponse(): AssistantEntry {
  const content = [{ type: 'text' as const, text: 'No response requested.' }]
  const message = { role: 'assistant' as const, id: randomUUID(), stop_reason: 'stop_sequence', content }
  return { type: 'assistant', uuid: randomUUID(), message }
}
