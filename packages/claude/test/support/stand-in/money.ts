/** What calls cost, and the numbers of a result. */
import type { Usage } from '../script.ts'

/** Dollars for a million tokens of the default model; the stand-in has no other prices. */
const price: Readonly<Record<keyof Usage, number>> = {
  input_tokens: 4,
  cache_creation_input_tokens: 5,
  cache_read_input_tokens: 0.2,
  output_tokens: 20,
}

const nothing: Usage = {
  input_tokens: 0,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: 0,
}

export interface Money {
  spend(usage: Usage): void
  /** Dollars of the whole conversation. */
  total(): number
  /** Dollars of this process. */
  spent(): number
  /** The fields of a result; what comes after it is of the next. */
  settle(model: string): Readonly<Record<string, unknown>>
}

/** Counts on from what the conversation cost before. */
export function openMoney(before: number): Money {
  let total = before
  let session = nothing
  let turn = nothing
  return {
    spend(usage) {
      total += dollars(usage)
      session = sum(session, usage)
      turn = sum(turn, usage)
    },
    total: () => total,
    spent: () => total - before,
    settle(model) {
      const settled = {
        total_cost_usd: total,
        usage: { ...turn, service_tier: 'standard' },
        modelUsage: { [model]: modelUsage(session) },
        model_usage_since_last_result: turn === nothing ? {} : { [model]: modelUsage(turn) },
      }
      turn = nothing
      return settled
    },
  }
}

function sum(a: Usage, b: Usage): Usage {
  return {
    input_tokens: a.input_tokens + b.input_tokens,
    cache_creation_input_tokens: a.cache_creation_input_tokens + b.cache_creation_input_tokens,
    cache_read_input_tokens: a.cache_read_input_tokens + b.cache_read_input_tokens,
    output_tokens: a.output_tokens + b.output_tokens,
  }
}

function dollars(usage: Usage): number {
  const parts = Object.entries(price).map(([name, each]) => usage[name as keyof Usage] * each)
  return parts.reduce((total, part) => total + part, 0) / 1_000_000
}

function modelUsage(usage: Usage): object {
  return {
    inputTokens: usage.input_tokens,
    outputTokens: usage.output_tokens,
    cacheReadInputTokens: usage.cache_read_input_tokens,
    cacheCreationInputTokens: usage.cache_creation_input_tokens,
    webSearchRequests: 0,
    costUSD: dollars(usage),
    contextWindow: 1_000_000,
    maxOutputTokens: 128_000,
  }
}
