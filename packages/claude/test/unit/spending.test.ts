import { expect, test } from 'vitest'
import { billOf } from '../../src/spending.ts'

test.each([-1, 0.5, 1e308, 'many'])('a bill of %s is none', (number) => {
  const usage = { costUSD: number === 0.5 ? -1 : number, inputTokens: number, outputTokens: number }
  expect(billOf({ num_turns: number, model_usage_since_last_result: { m: usage } }).spent).toEqual({
    costUsd: 0,
    turns: 0,
    models: { m: { costUsd: 0, inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 } },
  })
})
