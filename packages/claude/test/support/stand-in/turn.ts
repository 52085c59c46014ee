/** One turn: the model is asked and tools run until there is a result. */
import { randomBytes, randomUUID } from 'node:crypto'
import type { AnswerBlock, ToolUseBlock } from '../script.ts'
import type { Asks, Verdict } from './asks.ts'
import type { Answer, Fault, Model } from './model.ts'
import type { Money } from './money.ts'
import type { Output } from './output.ts'
import { decide, type Policy } from './permissions.ts'
import { isTool, runTool, type ToolResult } from './tools.ts'
import { type AssistantEntry, interruption, type Transcript } from './transcript.ts'

/** A message to the agent, as it came in. */
export interface Incoming {
  readonly uuid: string | undefined
  readonly text: string
}

/** Why a turn is broken off. */
export type Abort = 'interrupt' | 'shutdown' | 'signal'

export interface TurnContext {
  readonly sessionId: string
  readonly output: Output
  readonly transcript: Transcript
  readonly model: Model
  readonly money: Money
  readonly asks: Asks
  /** What is allowed now: an answer may change it in the middle of a turn. */
  readonly policy: () => Policy
  readonly learn: (verdict: Verdict) => void
  readonly limits: { readonly turns: number; readonly dollars: number; readonly asks: 'host' | 'nobody' }
  readonly modelName: string
  /** Messages that came while tools ran: they join the turn. */
  readonly join: () => readonly Incoming[]
  readonly echo: 'messages' | 'nothing'
}

export interface TurnOptions {
  /** Those it answers; what is on disk already of a turn that goes on. */
  readonly messages: readonly Incoming[]
  readonly resumed: boolean
  readonly signal: AbortSignal
}

export interface TurnEnd {
  readonly is_error: boolean
  readonly fields: Readonly<Record<string, unknown>>
  readonly joined: readonly Incoming[]
}

const cutOff =
  'Your response above was cut off mid-stream. Resume directly from where it stops — no apology, no recap. If none of it survived, answer the request from the start.'
const noOutput =
  '[Your previous response had no visible output. Please continue and produce a user-visible response.]'
const limitHit =
  'Output token limit hit. Resume directly — no apology, no recap of what you were doing. Pick up mid-thought if that is where the cut happened. Break remaining work into smaller pieces.'
const rejected =
  "The user doesn't want to proceed with this tool use. The tool use was rejected (eg. if it was a file edit, the new_string was NOT written to the file). STOP what you are doing and wait for the user to tell you how to proceed."

export async function runTurn(
  context: TurnContext,
  { messages, resumed, signal }: TurnOptions,
): Promise<TurnEnd> {
  const { output, transcript, money } = context
  const denials: object[] = []
  const joined: Incoming[] = []
  let turns = 1
  let said = ''
  let credit: Readonly<Record<string, unknown>> = { ...uuidsOf(messages), ...(resumed ? reason() : {}) }
  let echoes = context.echo === 'messages' ? messages : []
  let silences = 0

  const userLine = (
    content: readonly (ToolResultLine | { readonly type: 'text'; readonly text: string })[],
    { meta = false, marks = {} }: { readonly meta?: boolean; readonly marks?: object } = {},
  ): void => {
    turns += 1
    const uuid = randomUUID()
    const message = { role: 'user' as const, content }
    output.event({
      type: 'user',
      message,
      parent_tool_use_id: null,
      uuid,
      ...(meta ? { isSynthetic: true } : {}),
    })
    transcript.append({ type: 'user', uuid, message, ...(meta ? { isMeta: true as const } : {}), ...marks })
  }
  const text = (words: string): { type: 'text'; text: string } => ({ type: 'text', text: words })

  const ask = async (): Promise<Answer & { readonly id: string }> => {
    const id = `msg_${randomBytes(9).toString('hex')}`
    const answer = await context.model(transcript.messages(), {
      signal,
      listener: {
        block(block) {
          for (const { uuid, text: words } of echoes) {
            output.event({
              type: 'user',
              message: { role: 'user', content: [text(words)] },
              uuid,
              isReplay: true,
            })
          }
          echoes = []
          assistantLine(id, [block], credit)
          credit = {}
        },
        retry: (retry) => output.event({ type: 'system', subtype: 'api_retry', ...retry }),
        limit: (info) => output.event({ type: 'rate_limit_event', rate_limit_info: info }),
      },
    })
    if (answer.kind !== 'refused') money.spend(answer.usage)
    return { ...answer, id }
  }
  const assistantLine = (
    id: string,
    content: readonly AnswerBlock[],
    marks: object,
    name = context.modelName,
  ): void => {
    const message = { id, type: 'message', role: 'assistant', model: name, content, stop_reason: null }
    output.event({ type: 'assistant', message, parent_tool_use_id: null, ...marks })
  }
  const keep = (id: string, content: readonly AnswerBlock[], marks: Partial<AssistantEntry> = {}): void => {
    const stop_reason = content.some(({ type }) => type === 'tool_use') ? 'tool_use' : 'end_turn'
    transcript.append(
      ...content.map((block) => ({
        type: 'assistant' as const,
        uuid: randomUUID(),
        message: { role: 'assistant' as const, id, stop_reason, content: [block] },
        ...marks,
      })),
    )
  }

  const end = (terminal_reason: string, fields: Ending): TurnEnd => ({
    is_error: fields.is_error,
    joined,
    fields: {
      type: 'result',
      ...fields,
      num_turns: turns,
      terminal_reason,
      permission_denials: denials,
      ...uuidsOf([...messages, ...joined]),
      ...(resumed ? reason() : {}),
    },
  })
  const success = (): TurnEnd =>
    end('completed', {
      subtype: 'success',
      is_error: false,
      api_error_status: null,
      stop_reason: 'end_turn',
      result: said,
    })
  const failure = (subtype: string, terminal: string, error: string): TurnEnd =>
    end(terminal, { subtype, is_error: true, stop_reason: null, errors: [error] })
  const broken = (during: 'streaming' | 'tools'): TurnEnd => {
    const words = during === 'tools' ? `${interruption} for tool use]` : `${interruption}]`
    const marks =
      signal.reason === ('shutdown' satisfies Abort) ? { interruptedByShutdown: true as const } : {}
    userLine([text(words)], { marks })
    return failure('error_during_execution', `aborted_${during}`, '[ede_diagnostic] result_type=user')
  }
  const refused = (id: string, fault: Fault): TurnEnd => {
    const content = [text(fault.sentence)]
    const status =
      fault.api === undefined ? {} : { api_error_status: fault.api.status, api_error_type: fault.api.type }
    const limit =
      fault.limit?.status === 'rejected'
        ? { api_error: 'usage_limit_reached', api_error_params: { rate_limit_info: fault.limit } }
        : {}
    assistantLine(
      id,
      content,
      { error: fault.error, is_api_error_message: true, ...status, ...limit, ...credit },
      '<synthetic>',
    )
    keep(id, content, { isApiErrorMessage: true })
    return end(fault.terminal, {
      subtype: 'success',
      is_error: true,
      api_error_status: null,
      ...status,
      ...(limit.api_error === undefined ? {} : { api_error: limit.api_error }),
      stop_reason: 'stop_sequence',
      result: fault.sentence,
    })
  }

  const use = async (call: ToolUseBlock): Promise<ToolResult | 'stop'> => {
    let input = call.input
    let decision = isTool(call.name) ? decide(call, context.policy()) : 'allow'
    const denied = { tool_name: call.name, tool_use_id: call.id, tool_input: call.input }
    if (decision === 'ask' && context.limits.asks === 'host') {
      const verdict = await untilAbort(context.asks.ask(call), signal).catch((error: unknown) => {
        denials.push(denied)
        throw error
      })
      if (verdict.behavior === 'deny') {
        denials.push(denied)
        return verdict.interrupt ? 'stop' : { content: verdict.message ?? 'denied', is_error: true }
      }
      context.learn(verdict)
      input = verdict.updatedInput ?? input
      decision = 'allow'
    }
    if (decision !== 'allow') {
      const message = `${call.name} needs approval.`
      denials.push(denied)
      output.event({
        type: 'system',
        subtype: 'permission_denied',
        tool_name: call.name,
        tool_use_id: call.id,
        message,
      })
      return { content: message, is_error: true }
    }
    return runTool({ name: call.name, input }, { sessionId: context.sessionId, signal })
  }

  for (;;) {
    const answer = await ask()
    switch (answer.kind) {
      case 'refused':
        return refused(answer.id, answer.fault)
      case 'aborted': {
        const partial = answer.partial === '' ? [] : [text(answer.partial)]
        if (partial.length > 0) assistantLine(answer.id, partial, { aborted: true, ...credit })
        keep(answer.id, [...answer.blocks, ...partial])
        return broken('streaming')
      }
      case 'silent':
        silences += 1
        if (silences > 1) {
          keep(answer.id, [text('(no content)')])
          return failure('error_during_execution', 'completed', '[ede_diagnostic] result_type=assistant')
        }
        userLine([text(noOutput)], { meta: true })
        continue
      case 'cut':
        keep(answer.id, answer.blocks)
        userLine([text(cutOff)], { meta: true })
        continue
      case 'answered':
    }
    keep(answer.id, answer.blocks)
    said = answer.blocks.findLast((block) => block.type === 'text')?.text ?? said
    if (money.spent() > context.limits.dollars && answer.stop === 'tool_use') {
      return failure(
        'error_max_budget_usd',
        'budget_exhausted',
        `Reached maximum budget ($${context.limits.dollars})`,
      )
    }
    if (answer.stop === 'max_tokens') {
      userLine([text(limitHit)], { meta: true })
      continue
    }
    const calls = answer.blocks.filter((block) => block.type === 'tool_use')
    if (calls.length === 0) return success()
    for (const call of calls) {
      const result = await use(call).catch((error: unknown) => {
        if (signal.aborted) return 'stop' as const
        throw error
      })
      userLine([
        {
          type: 'tool_result',
          tool_use_id: call.id,
          ...(result === 'stop' ? { content: rejected, is_error: true } : result),
        },
      ])
      if (result === 'stop') return broken('tools')
    }
    if (turns > context.limits.turns) {
      return failure(
        'error_max_turns',
        'max_turns',
        `Reached maximum number of turns (${context.limits.turns})`,
      )
    }
    const more = context.join()
    joined.push(...more)
    for (const { text: words } of more) transcript.append({ type: 'attachment', message: words })
  }
}

interface ToolResultLine extends ToolResult {
  readonly type: 'tool_result'
  readonly tool_use_id: string
}

interface Ending {
  readonly subtype: string
  readonly is_error: boolean
  readonly stop_reason: string | null
  readonly [field: string]: unknown
}

function uuidsOf(messages: readonly Incoming[]): object {
  const uuids = messages.flatMap(({ uuid }) => (uuid === undefined ? [] : [uuid]))
  return uuids.length === 0 ? {} : { user_message_uuid: uuids.at(-1), user_message_uuids: uuids }
}

function reason(): object {
  const resume_reason = process.env['CLAUDE_CODE_RESUME_REASON']
  return resume_reason === undefined ? {} : { resume_reason }
}

async function untilAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const abort = (): void => aborted.reject(new Error('aborted'))
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
