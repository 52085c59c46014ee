import { type Spending, tokensOf } from '../../model/conversation.ts'
import type { MissionSpec } from '../../model/spec.ts'

/** Which limit has been reached, in words; null when none is. */
export function overBudget(
  spent: Spending,
  { maxCostUsd, maxTurns, maxTokens }: Pick<MissionSpec, 'maxCostUsd' | 'maxTurns' | 'maxTokens'>,
): string | null {
  if (maxCostUsd !== null && spent.costUsd >= maxCostUsd)
    return `it has spent $${spent.costUsd.toFixed(4)} of $${maxCostUsd}`
  if (maxTurns !== null && spent.turns >= maxTurns) return `it has taken ${spent.turns} of ${maxTurns} turns`
  const tokens = tokensOf(spent)
  if (maxTokens !== null && tokens >= maxTokens) return `it has used ${tokens} of ${maxTokens} tokens`
  return null
}
