/** One call of the model: what the prompt scripts, with the CLI's own retries. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type AnswerBlock,
  errorType,
  estimateTokens,
  type Message,
  naturalStop,
  opening,
  type Opening,
  planReply,
  scriptedBlock,
  type Step,
  type Usage,
} from '../script.ts'

export type Answer =
  | {
      readonly kind: 'answered'
      readonly blocks: readonly AnswerBlock[]
      readonly stop: string
      readonly usage: Usage
    }
  /** The stream ended early; what came before it stands. */
  | { readonly kind: 'cut'; readonly blocks: readonly AnswerBlock[]; readonly usage: Usage }
  /** Nothing came, however often it was asked. */
  | { readonly kind: 'silent'; readonly usage: Usage }
  | { readonly kind: 'refused'; readonly fault: Fault }
  | {
      readonly kind: 'aborted'
      readonly blocks: readonly AnswerBlock[]
      /** Of the block that was being said. */
      readonly partial: string
      readonly usage: Usage
    }

/** What an API error is told as. */
export interface Fault {
  /** Undefined: the API was not even asked. */
  readonly api: { readonly status: number; readonly type: string } | undefined
  /** The CLI's own name for it. */
  readonly error: string
  readonly sentence: string
  /** How the result says that the turn ended. */
  readonly terminal: 'api_error' | 'image_error' | 'prompt_too_long'
  readonly limit: LimitInfo | undefined
}

export interface LimitInfo {
  readonly status: string
  /** Seconds since 1970. */
  readonly resetsAt: number
  readonly rateLimitType: string
  readonly utilization?: number
  readonly isUsingOverage: false
}

export interface Retry {
  readonly attempt: number
  readonly max_retries: number
  readonly retry_delay_ms: number
  readonly error_status: number | null
  readonly error: string
}

export interface Listener {
  /** A block is whole. */
  block(block: AnswerBlock): void
  retry(retry: Retry): void
  limit(info: LimitInfo): void
}

export type Model = (
  messages: readonly Message[],
  options: { readonly signal: AbortSignal; readonly listener: Listener },
) => Promise<Answer>

export interface ModelOptions {
  readonly model: string
  readonly maxRetries: number
  /** Limits are told to subscribers alone. */
  readonly account: 'key' | 'subscription'
}

const longest = 2 ** 31 - 1

export function openModel({ model, maxRetries, account }: ModelOptions): Model {
  /** How often `::error N xK` refused, for each conversation. */
  const refused = new Map<string, number>()

  return async (messages, { signal, listener }) => {
    const steps = planReply(messages)
    const open = opening(steps)
    const usage: Usage = {
      input_tokens: estimateTokens(messages),
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: 1,
      ...open.usage,
    }
    const limit = account === 'subscription' ? limitOf(open.headers) : undefined
    const begun: Usage = { ...usage, output_tokens: 1 }
    for (let attempt = 1; ; attempt += 1) {
      const stream: Stream = { blocks: [], partial: '' }
      const outcome = await once(messages, stream).catch((error: unknown) => {
        if (signal.aborted) return 'aborted' as const
        throw error
      })
      if (outcome === 'aborted') return { kind: 'aborted', ...stream, usage: begun }
      if (outcome === 'whole') {
        if (limit) listener.limit(limit)
        const output = open.usage.output_tokens ?? tokensOf(stream.blocks)
        return {
          kind: 'answered',
          blocks: stream.blocks,
          stop: open.stop ?? naturalStop(stream.blocks),
          usage: { ...usage, output_tokens: output },
        }
      }
      if (outcome === 'cut' && stream.blocks.length > 0)
        return { kind: 'cut', blocks: stream.blocks, usage: begun }
      const wait = delayOf(outcome === 'cut' ? undefined : outcome, open.headers, limit)
      if (wait === 'never' || attempt > maxRetries) {
        if (outcome === 'cut') return { kind: 'silent', usage: begun }
        if (limit) listener.limit(limit)
        return { kind: 'refused', fault: faultOf(outcome, { model, limit }) }
      }
      const retry_delay_ms = wait ?? Math.min(500 * 2 ** (attempt - 1), 40_000)
      listener.retry({
        attempt,
        max_retries: maxRetries,
        retry_delay_ms,
        error_status: outcome === 'cut' ? null : outcome.status,
        error: outcome === 'cut' ? 'unknown' : retryName(outcome.status),
      })
      const rested = await sleep(retry_delay_ms, 'rested', { signal }).catch(() => 'aborted')
      if (rested === 'aborted') return { kind: 'aborted', blocks: [], partial: '', usage: begun }
    }

    async function once(conversation: readonly Message[], stream: Stream): Promise<Outcome> {
      await sleep(open.delay, undefined, { signal })
      for (const [index, { status, times, sentence }] of open.errors.entries()) {
        const id = `${index} ${JSON.stringify(conversation)}`
        const before = refused.get(id) ?? 0
        if (before >= times) continue
        refused.set(id, before + 1)
        return { status, sentence }
      }
      return play(steps, stream, { signal, listener })
    }
  }
}

interface Stream {
  readonly blocks: AnswerBlock[]
  partial: string
}

type Outcome = 'whole' | 'cut' | { readonly status: number; readonly sentence: string }

async function play(
  steps: readonly Step[],
  stream: Stream,
  { signal, listener }: { signal: AbortSignal; listener: Listener },
): Promise<'whole' | 'cut'> {
  let pause = 0
  for (const step of steps) {
    switch (step.op) {
      case 'slow':
        pause = Number(step.arg)
        break
      case 'wait':
        await sleep(Number(step.arg), undefined, { signal })
        break
      case 'hang':
        await sleep(longest, undefined, { signal })
        break
      case 'disconnect':
      case 'sse-error':
        return 'cut'
      case 'crash':
        process.exit(Number(step.arg || 1))
        break
      default: {
        const scripted = scriptedBlock(step, (prefix) => `${prefix}_${randomBytes(9).toString('hex')}`)
        if (!scripted) break
        for (const piece of scripted.pieces) {
          // Also without a pause: an interrupt comes between two pieces.
          await sleep(pause, undefined, { signal })
          if (scripted.block.type === 'text') stream.partial += piece
        }
        stream.partial = ''
        stream.blocks.push(scripted.block)
        listener.block(scripted.block)
      }
    }
  }
  return 'whole'
}

function tokensOf(blocks: readonly AnswerBlock[]): number {
  return blocks.reduce((sum, block) => sum + estimateTokens(block), 0)
}

/** Milliseconds the server asks to wait; undefined: the CLI's own backoff. */
function delayOf(
  refusal: { readonly status: number } | undefined,
  headers: Opening['headers'],
  limit: LimitInfo | undefined,
): number | 'never' | undefined {
  if (headers['x-should-retry'] === 'false' || limit?.status === 'rejected') return 'never'
  if (refusal && ![401, 408, 409, 429].includes(refusal.status) && refusal.status < 500) return 'never'
  const seconds = Number(headers['retry-after'])
  if (Number.isNaN(seconds)) return undefined
  return seconds > 60 ? 'never' : seconds * 1000
}

function retryName(status: number): string {
  if (status === 401) return 'authentication_failed'
  if (status === 429) return 'rate_limit'
  return status === 529 ? 'overloaded' : 'server_error'
}

function faultOf(
  { status, sentence }: { readonly status: number; readonly sentence: string },
  { model, limit }: { readonly model: string; readonly limit: LimitInfo | undefined },
): Fault {
  const told = (error: string, text: string, terminal: Fault['terminal'] = 'api_error'): Fault => ({
    api: { status, type: errorType(status) },
    error,
    sentence: text,
    terminal,
    limit,
  })
  if (limit?.status === 'rejected') {
    return told('rate_limit', `You've hit your ${limitName(limit)} · resets ${resetTime(limit.resetsAt)}`)
  }
  if (status >= 500) {
    return told(
      'server_error',
      `API Error: ${status} ${sentence}. This is a server-side issue, usually temporary — try again in a moment. If it persists, check https://status.claude.com.`,
    )
  }
  switch (status) {
    case 401:
    case 403:
      return told('authentication_failed', `Failed to authenticate. API Error: ${status} ${sentence}`)
    case 404:
      return told(
        'model_not_found',
        `There's an issue with the selected model (${model}). It may not exist or you may not have access to it. Run --model to pick a different model.`,
      )
    case 413:
      return told(
        'invalid_request',
        'Request too large (max 32MB). Accumulated images and attachments in the conversation pushed the request over the limit. Remove older images or compact the conversation.',
        'image_error',
      )
    case 429:
      return told('rate_limit', `API Error: Request rejected (429) · ${sentence}`)
    default:
  }
  if (sentence.includes('credit balance is too low'))
    return told('billing_error', 'Credit balance is too low')
  if (sentence.startsWith('prompt is too long')) {
    return told('invalid_request', `Prompt is too long · ${sentence}`, 'prompt_too_long')
  }
  return told('unknown', `API Error: ${status} ${sentence}`)
}

function limitOf(headers: Opening['headers']): LimitInfo | undefined {
  const status = headers['anthropic-ratelimit-unified-status']
  if (status === undefined) return undefined
  const utilization = headers['anthropic-ratelimit-unified-5h-utilization']
  return {
    status,
    resetsAt: Number(headers['anthropic-ratelimit-unified-reset']),
    rateLimitType: headers['anthropic-ratelimit-unified-representative-claim'] ?? 'five_hour',
    ...(utilization === undefined ? {} : { utilization: Number(utilization) }),
    isUsingOverage: false,
  }
}

function limitName({ rateLimitType }: LimitInfo): string {
  return rateLimitType === 'five_hour' ? '5-hour limit' : 'weekly limit'
}

function resetTime(seconds: number): string {
  const at = new Date(seconds * 1000)
  const day = at.toLocaleString('en-US', { month: 'short', day: 'numeric', timeZone: 'UTC' })
  const time = at.toLocaleString('en-US', { hour: 'numeric', minute: '2-digit', timeZone: 'UTC' })
  return `${day}, ${time.replace(/\s*([AP]M)$/, (_, half: string) => half.toLowerCase())} (UTC)`
}
