import { expect, test } from 'vitest'
import { createMemoryStore, seq } from '../../src/index.ts'
import { storeContract } from '../contract/store-contract.ts'

storeContract('the store in memory', () => createMemoryStore())

test('the store in memory drops the oldest events beyond its capacity', () => {
  const store = createMemoryStore({ capacity: 100 })
  for (let at = 1; at <= 1000; at += 1) {
    store.commit({ events: [{ type: 'runtime.stopped', at }] })
    expect(store.last() - store.first() + 1).toBeLessThanOrEqual(125)
  }
  expect(store.last()).toBe(1000)
  expect(store.events({ after: seq(0), limit: 1000 }).at(-1)?.seq).toBe(1000)
  expect(store.events({ after: seq(0), limit: 1 })[0]?.seq).toBe(store.first())
  expect(store.first()).toBeLessThanOrEqual(901)
})
