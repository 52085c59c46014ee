import { describe, expect, test } from 'vitest'
import { paced } from '../../src/live/paced.ts'

describe('the newest value of a source, at a pace', () => {
  test('leaves out what is overtaken, and never the last', async () => {
    async function* burst(): AsyncGenerator<number> {
      for (let value = 1; value <= 1000; value += 1) yield value
    }
    const seen = await Array.fromAsync(paced(burst(), { pauseMs: 1 }))
    expect(seen.at(-1)).toBe(1000)
    expect(seen.length).toBeLessThan(1000)
  })

  test('repeats the last value when asked to', async () => {
    const over = Promise.withResolvers<void>()
    async function* once(): AsyncGenerator<string> {
      yield 'a'
      await over.promise
    }
    const seen: string[] = []
    for await (const value of paced(once(), { pauseMs: 0, repeatMs: 1 })) {
      seen.push(value)
      if (seen.length === 3) over.resolve()
    }
    expect(seen.slice(0, 3)).toEqual(['a', 'a', 'a'])
  })

  test('fails with its source, after its last value', async () => {
    async function* broken(): AsyncGenerator<number> {
      yield 1
      throw new Error('gone')
    }
    const seen: number[] = []
    const read = async (): Promise<void> => {
      for await (const value of paced(broken(), { pauseMs: 1 })) seen.push(value)
    }
    await expect(read()).rejects.toThrow('gone')
    expect(seen).toEqual([1])
  })

  test('a source without values ends at once', async () => {
    async function* nothing(): AsyncGenerator<number> {}
    expect(await Array.fromAsync(paced(nothing(), { pauseMs: 1 }))).toEqual([])
  })
})
