/**
 * What is read of the protocol, and no more: any of it may be missing or new in another release of an agent. A test
 * holds it against the types of the official SDK.
 */
import { countOf } from '@overmind/core'
import { z } from 'zod'

/** What an agent can do. */
export interface Abilities {
  readonly protocolVersion: number
  /** It goes on with a conversation without repeating it. */
  readonly resumes: boolean
}

export interface Session {
  readonly id: string
  /** The model that answers, from agents that say so. */
  readonly model: string | null
}

/** The end of a turn. */
export interface TurnEnd {
  readonly stopReason: string
  /** Tokens, from agents that count them. */
  readonly usage: Usage | null
}

export interface Usage {
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cachedReadTokens: number
  readonly cachedWriteTokens: number
}

export interface ToolCall {
  readonly id: string
  readonly title: string
  /** What sort of tool it is; empty when the agent does not say. */
  readonly kind: string
  readonly status: string
  /** The texts that came of it. */
  readonly results: readonly string[]
  readonly rawInput: unknown
}

/** A question for a person, and the answers that are possible. */
export interface Permission {
  readonly toolCall: ToolCall
  readonly options: readonly { readonly optionId: string; readonly name: string; readonly kind: string }[]
}

/** News of a turn. */
export type Update =
  | { readonly kind: 'chunk'; readonly text: string; readonly message: string | null }
  | { readonly kind: 'tool-began'; readonly toolCall: ToolCall }
  | { readonly kind: 'tool-went-on'; readonly toolCall: ToolCall }

const optionalText = z.string().nullish().catch(null)

const abilities = z.object({
  protocolVersion: z.number(),
  agentCapabilities: z
    .object({ sessionCapabilities: z.object({ resume: z.object({}).nullish().catch(null) }).optional() })
    .optional()
    .catch(undefined),
})

const session = z.object({
  sessionId: z.string().min(1),
  models: z.object({ currentModelId: z.string() }).nullish().catch(null),
})

const count = z.unknown().transform(countOf)

const turnEnd = z.object({
  stopReason: z.string(),
  usage: z
    .object({ inputTokens: count, outputTokens: count, cachedReadTokens: count, cachedWriteTokens: count })
    .nullish()
    .catch(null),
})

const text = z.object({ type: z.literal('text'), text: z.string() })

const toolCall = z.object({
  toolCallId: z.string(),
  title: optionalText,
  kind: optionalText,
  status: optionalText,
  content: z
    .array(z.object({ content: text.optional().catch(undefined) }).catch({}))
    .nullish()
    .catch(null),
  rawInput: z.unknown().optional(),
})

const permission = z.object({
  toolCall,
  options: z.array(z.object({ optionId: z.string(), name: z.string(), kind: z.string() })),
})

const update = z.object({
  update: z.discriminatedUnion('sessionUpdate', [
    z.object({ sessionUpdate: z.literal('agent_message_chunk'), content: text, messageId: optionalText }),
    z.object({ sessionUpdate: z.literal('tool_call'), ...toolCall.shape }),
    z.object({ sessionUpdate: z.literal('tool_call_update'), ...toolCall.shape }),
  ]),
})

const cancelledRequest = z.object({ requestId: z.union([z.string(), z.number()]) })

/** The result of `initialize`. */
export function readAbilities(result: unknown): Abilities | undefined {
  const { data } = abilities.safeParse(result)
  if (data === undefined) return undefined
  const { protocolVersion, agentCapabilities } = data
  return { protocolVersion, resumes: (agentCapabilities?.sessionCapabilities?.resume ?? null) !== null }
}

/** The result of `session/new`. */
export function readSession(result: unknown): Session | undefined {
  const { data } = session.safeParse(result)
  return data === undefined ? undefined : { id: data.sessionId, model: data.models?.currentModelId ?? null }
}

/** The result of `session/prompt`. */
export function readTurnEnd(result: unknown): TurnEnd | undefined {
  const { data } = turnEnd.safeParse(result)
  return data === undefined ? undefined : { stopReason: data.stopReason, usage: data.usage ?? null }
}

/** The parameters of `session/request_permission`. */
export function readPermission(params: unknown): Permission | undefined {
  const { data } = permission.safeParse(params)
  return data === undefined ? undefined : { toolCall: toolCallOf(data.toolCall), options: data.options }
}

/** The parameters of `session/update`; undefined for news that nothing is made of here. */
export function readUpdate(params: unknown): Update | undefined {
  const news = update.safeParse(params).data?.update
  switch (news?.sessionUpdate) {
    case 'agent_message_chunk':
      return { kind: 'chunk', text: news.content.text, message: news.messageId ?? null }
    case 'tool_call':
      return { kind: 'tool-began', toolCall: toolCallOf(news) }
    case 'tool_call_update':
      return { kind: 'tool-went-on', toolCall: toolCallOf(news) }
    case undefined:
      return undefined
  }
}

/** The parameters of `$/cancel_request`. */
export function readCancelled(params: unknown): string | number | undefined {
  return cancelledRequest.safeParse(params).data?.requestId
}

function toolCallOf({
  toolCallId,
  title,
  kind,
  status,
  content,
  rawInput,
}: z.infer<typeof toolCall>): ToolCall {
  const results = (content ?? []).map((part) => part.content?.text ?? '').filter((said) => said !== '')
  return { id: toolCallId, title: title ?? '', kind: kind ?? '', status: status ?? '', results, rawInput }
}
