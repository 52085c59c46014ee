import { expect, test } from 'vitest'
import { addSpending, amountOf, countOf, type Spending } from '../../src/index.ts'

const spent = (model: string): Spending => ({
  costUsd: 0.5,
  turns: 1,
  models: {
    [model]: { costUsd: 0.5, inputTokens: 1, outputTokens: 2, cacheReadTokens: 3, cacheWriteTokens: 4 },
  },
})

test.each(['constructor', 'toString', '__proto__', 'some-model'])('a model may be called %s', (model) => {
  const twice = addSpending(spent(model), spent(model))
  expect(Object.entries(twice.models)).toEqual([
    [model, { costUsd: 1, inputTokens: 2, outputTokens: 4, cacheReadTokens: 6, cacheWriteTokens: 8 }],
  ])
})

test('what cannot be counted, or added up, does not count', () => {
  expect([-1, 0.5, 1e308, Infinity, NaN, '7', null, undefined].map(countOf)).toEqual(Array(8).fill(0))
  expect([0, 7].map(countOf)).toEqual([0, 7])
  expect([-1, 1e308, NaN, '7'].map(amountOf)).toEqual(Array(4).fill(undefined))
  expect([0, 0.25].map(amountOf)).toEqual([0, 0.25])
})
