import { createRuntime, seq } from '@overmind/core'
import { expect, test } from 'vitest'
import { changes } from '../../src/api/routes/watch.ts'
import type { WatchMessage } from '../../src/api/types.ts'

test('whoever reads late is told of both parents of a mission that has come to another one', async () => {
  await using runtime = await createRuntime()
  const lead = await runtime.start({ command: 'sleep 1000', name: 'lead' })
  const next = await runtime.start({ command: 'sleep 1000', name: 'next' })
  const child = await runtime.start({ command: 'sleep 1000', parent: 'lead' })
  const since = seq(runtime.revision())
  await child.restart()
  runtime.move(child.id, 'next')
  const children = new Map<string, readonly string[]>()
  const take = (message: WatchMessage): void => {
    if (message.type === 'put') children.set(message.mission.id, message.mission.children)
  }
  for await (const message of changes(runtime, since, () => true, AbortSignal.timeout(5000))) {
    take(message)
    if (children.size === 3) break
  }
  expect(Object.fromEntries(children)).toEqual({ [lead.id]: [], [next.id]: [child.id], [child.id]: [] })
})
