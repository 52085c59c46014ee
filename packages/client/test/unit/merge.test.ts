import { expect, test } from 'vitest'
import { merge } from '../../src/merge.ts'

interface Item {
  readonly of: string
  readonly n: number
}

/** A source that gives so many, each in a turn of its own as a connection does, and notes how many it was asked for and whether it was left. */
function source(of: string, count: number, end: () => Promise<void> = () => Promise.resolve()) {
  const state = { given: 0, left: false }
  async function* items(): AsyncGenerator<Item> {
    try {
      for (let n = 0; n < count; n += 1) {
        await new Promise(setImmediate)
        state.given += 1
        yield { of, n }
      }
      await end()
    } finally {
      state.left = true
    }
  }
  return { state, items: items() }
}

test('gives all of all, each in its own order', async () => {
  const sources = Array.from({ length: 30 }, (_, n) => source(`s${n}`, n))
  const all = await Array.fromAsync(merge(sources.map(({ items }) => items)))
  for (const [n] of sources.entries()) {
    const own = all.filter(({ of }) => of === `s${n}`).map((item) => item.n)
    expect(own).toEqual(Array.from({ length: n }, (_, k) => k))
  }
  expect(all).toHaveLength((30 * 29) / 2)
})

test('without a source it is over', async () => {
  expect(await Array.fromAsync(merge([]))).toEqual([])
})

test('one that has nothing to say holds up nobody, and reads on no further than it is consumed', async () => {
  const never = source('quiet', 0, () => new Promise(() => undefined))
  const talks = source('talks', 10_000)
  const merged = merge([never.items, talks.items])
  for (let n = 0; n < 10; n += 1) expect((await merged.next()).value).toEqual({ of: 'talks', n })
  await new Promise(setImmediate)
  expect(talks.state.given).toBeLessThan(100)
})

test('the failure of one is the end of all', async () => {
  const fails = source('fails', 3, () => Promise.reject(new Error('it broke')))
  const talks = source('talks', 1e9)
  const consume = async (): Promise<void> => {
    for await (const item of merge([fails.items, talks.items])) expect(item.n).toBeLessThan(1e6)
  }
  await expect(consume()).rejects.toThrow('it broke')
  await expect.poll(() => talks.state.left).toBe(true)
})

test('a consumer that leaves lets go of all', async () => {
  const sources = [source('a', 1e9), source('b', 1e9)]
  for await (const { n } of merge(sources.map(({ items }) => items))) if (n > 5) break
  await expect.poll(() => sources.every(({ state }) => state.left)).toBe(true)
})
