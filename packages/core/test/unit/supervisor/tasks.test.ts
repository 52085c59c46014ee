import { createActor, fromCallback } from 'xstate'
import { describe, expect, test } from 'vitest'
import { startTaskSupervisor, type TaskSupervisor } from '../../../src/index.ts'
import { settle, stage } from '../../support/puppet.ts'

/** Functions that wait until they are told what to give, and tell when they were asked to end. */
function waiting() {
  const asked: string[] = []
  const began: string[] = []
  const give = new Map<string, (value: string) => void>()
  const fail = new Map<string, (error: Error) => void>()
  const run =
    (name: string) =>
    (signal: AbortSignal): Promise<string> => {
      began.push(name)
      signal.addEventListener('abort', () => asked.push(name))
      return new Promise((resolve, reject) => {
        give.set(name, resolve)
        fail.set(name, reject)
      })
    }
  return { asked, began, give, fail, run }
}

const active = (tasks: TaskSupervisor): number => tasks.countChildren().active

describe('a task', () => {
  test('109 Task.Supervisor: a task gives its value, or fails with its error, and is forgotten', async () => {
    await using tasks = await startTaskSupervisor()
    const good = await tasks.async(async () => 42)
    const bad = await tasks.async(() => Promise.reject(new Error('no luck')))
    expect(await good.result()).toBe(42)
    await expect(bad.result()).rejects.toThrow('no luck')
    await settle()
    expect(active(tasks)).toBe(0)
  })

  test('109 Task.Supervisor: tasks are temporary, and may be restarted where nobody waits for their value', async () => {
    await using tasks = await startTaskSupervisor()
    let temporary = 0
    let transient = 0
    await tasks.startChild(() => {
      temporary += 1
      throw new Error('once')
    })
    await tasks.startChild(
      () => {
        transient += 1
        if (transient < 3) throw new Error('again')
      },
      { restart: 'transient' },
    )
    await settle()
    expect({ temporary, transient }).toEqual({ temporary: 1, transient: 3 })
    expect(active(tasks)).toBe(0)
  })

  test('109 Task.Supervisor: one with a caller ends with it, one without does not', async () => {
    await using tasks = await startTaskSupervisor()
    const { asked, run, give } = waiting()
    const caller = createActor(fromCallback(() => undefined)).start()
    const linked = await tasks.async(run('linked'), { caller })
    const free = await tasks.async(run('free'))
    caller.stop()
    await expect(linked.result()).rejects.toMatchObject({ code: 'task_ended' })
    expect(asked).toEqual(['linked'])
    give.get('free')?.('still here')
    expect(await free.result()).toBe('still here')
  })

  test('109 Task.Supervisor: a result that comes too late is nobody’s', async () => {
    const { clock, options } = stage()
    await using tasks = await startTaskSupervisor({}, options)
    const { asked, give, run } = waiting()
    const task = await tasks.async(run('slow'))
    const result = task.result({ timeoutMs: 1000 })
    clock.advance(999)
    await settle()
    expect(asked).toEqual([])
    clock.advance(1)
    await expect(result).rejects.toMatchObject({ code: 'timeout' })
    expect(asked).toEqual(['slow'])
    give.get('slow')?.('too late')
    await expect(task.result()).rejects.toMatchObject({ code: 'task_ended' })
    await task.end()
    expect(active(tasks)).toBe(0)
  })

  test('109 Task.Supervisor: one in time is not ended by its limit', async () => {
    const { clock, options } = stage()
    await using tasks = await startTaskSupervisor({}, options)
    const task = await tasks.async(async () => 'soon')
    expect(await task.result({ timeoutMs: 1000 })).toBe('soon')
    expect(clock.armed).toBe(0)
  })

  test('109 Task.Supervisor: they end with their supervisor', async () => {
    const tasks = await startTaskSupervisor()
    const { asked, run } = waiting()
    const task = await tasks.async(run('a'))
    await tasks.stop()
    expect(asked).toEqual(['a'])
    await expect(task.result()).rejects.toMatchObject({ code: 'task_ended' })
    await expect(tasks.async(run('b'))).rejects.toMatchObject({ code: 'supervisor_ended' })
  })
})

describe('a stream', () => {
  test('109 Task.Supervisor: a stream gives results in the order of the inputs, so many at a time', async () => {
    await using tasks = await startTaskSupervisor()
    let most = 0
    let atWork = 0
    const results = tasks.stream(
      [30, 1, 20, 1],
      async (ms) => {
        most = Math.max(most, (atWork += 1))
        await new Promise((resolve) => void setTimeout(resolve, ms))
        atWork -= 1
        if (ms === 20) throw new Error('twenty')
        return ms
      },
      { maxConcurrency: 2 },
    )
    expect(await Array.fromAsync(results)).toEqual([
      { status: 'fulfilled', value: 30 },
      { status: 'fulfilled', value: 1 },
      { status: 'rejected', reason: new Error('twenty') },
      { status: 'fulfilled', value: 1 },
    ])
    expect(most).toBe(2)
  })

  test('109 Task.Supervisor: a stream gives them as they are there, if that is wanted', async () => {
    await using tasks = await startTaskSupervisor()
    const { give, run } = waiting()
    const results = tasks.stream(['a', 'b'], (name, signal) => run(name)(signal), {
      maxConcurrency: 2,
      ordered: false,
    })
    const first = results.next()
    await settle()
    give.get('b')?.('B')
    expect((await first).value).toEqual({ status: 'fulfilled', value: 'B' })
    const second = results.next()
    give.get('a')?.('A')
    expect((await second).value).toEqual({ status: 'fulfilled', value: 'A' })
    expect((await results.next()).done).toBe(true)
  })

  test('109 Task.Supervisor: a stream begins what is asked for, and takes no more of its inputs', async () => {
    await using tasks = await startTaskSupervisor()
    let taken = 0
    let closed = false
    function* inputs() {
      try {
        for (;;) yield (taken += 1)
      } finally {
        closed = true
      }
    }
    for await (const result of tasks.stream(inputs(), (each) => each, { maxConcurrency: 3 })) {
      if (result.status === 'fulfilled' && result.value === 2) break
    }
    expect(taken).toBe(4)
    expect(closed).toBe(true)
    expect(active(tasks)).toBe(0)
  })

  test('109 Task.Supervisor: a stream that is left ends its tasks', async () => {
    await using tasks = await startTaskSupervisor()
    const { asked, began, give, run } = waiting()
    const results = tasks.stream(['a', 'b', 'c'], (name, signal) => run(name)(signal), { maxConcurrency: 3 })
    const first = results.next()
    await settle()
    give.get('a')?.('A')
    await first
    await results.return()
    expect(began).toEqual(['a', 'b', 'c'])
    expect(asked).toEqual(['b', 'c'])
    expect(active(tasks)).toBe(0)
  })

  test('109 Task.Supervisor: a stream that needs more children than there may be fails, and leaves none', async () => {
    await using tasks = await startTaskSupervisor({ maxChildren: 2 })
    const { asked, run } = waiting()
    const results = tasks.stream(['a', 'b', 'c'], (name, signal) => run(name)(signal), { maxConcurrency: 3 })
    await expect(results.next()).rejects.toMatchObject({ code: 'max_children' })
    expect(asked).toEqual(['a', 'b'])
    expect(active(tasks)).toBe(0)
  })

  test.each([
    ['throw', 'timeout'],
    ['reject', undefined],
  ] as const)('a task that takes too long: %s', async (onTimeout, code) => {
    const { clock, options } = stage()
    await using tasks = await startTaskSupervisor({}, options)
    const { run, asked } = waiting()
    const results = tasks.stream(['a'], (name, signal) => run(name)(signal), { timeoutMs: 100, onTimeout })
    const first = results.next()
    await settle()
    clock.advance(100)
    if (code === undefined) expect((await first).value).toMatchObject({ reason: { code: 'timeout' } })
    else await expect(first).rejects.toMatchObject({ code })
    expect(asked).toEqual(['a'])
    expect(active(tasks)).toBe(0)
  })

  test.each([0, 1.5, -1])('%d at a time is refused', async (maxConcurrency) => {
    await using tasks = await startTaskSupervisor()
    expect(() => tasks.stream([], () => undefined, { maxConcurrency })).toThrow(/an integer, 1 or more/)
  })
})
