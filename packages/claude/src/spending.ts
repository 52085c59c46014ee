import { amountOf, countOf, type ModelSpending, type Spending } from '@overmind/core'
import { isObject, type JsonObject, objectAt } from './json.ts'

/** The bill of one `result`. */
export interface Bill {
  readonly spent: Spending
  /** The process's cost so far in US dollars, of releases that tell only that; null otherwise. */
  readonly runCostUsd: number | null
}

export function billOf(result: JsonObject): Bill {
  const turns = countOf(result['num_turns'])
  const recent = result['model_usage_since_last_result']
  if (isObject(recent)) {
    const models = Object.fromEntries(
      Object.entries(recent)
        .filter((entry): entry is [string, JsonObject] => isObject(entry[1]))
        .map(([model, usage]) => [model, byModel(usage)]),
    )
    const costUsd = Object.values(models).reduce((sum, model) => sum + model.costUsd, 0)
    return { spent: { costUsd, turns, models }, runCostUsd: null }
  }
  // Older releases count what the turn's main model used, and the cost of all since the process began.
  const [model = 'unknown'] = Object.keys(objectAt(result, 'modelUsage'))
  const used = objectAt(result, 'usage')
  const spending: ModelSpending = {
    costUsd: 0,
    inputTokens: countOf(used['input_tokens']),
    outputTokens: countOf(used['output_tokens']),
    cacheReadTokens: countOf(used['cache_read_input_tokens']),
    cacheWriteTokens: countOf(used['cache_creation_input_tokens']),
  }
  return {
    spent: { costUsd: 0, turns, models: { [model]: spending } },
    runCostUsd: amountOf(result['total_cost_usd']) ?? null,
  }
}

function byModel(usage: JsonObject): ModelSpending {
  return {
    costUsd: amountOf(usage['costUSD']) ?? 0,
    inputTokens: countOf(usage['inputTokens']),
    outputTokens: countOf(usage['outputTokens']),
    cacheReadTokens: countOf(usage['cacheReadInputTokens']),
    cacheWriteTokens: countOf(usage['cacheCreationInputTokens']),
  }
}
