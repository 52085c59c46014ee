import { expect, test } from 'vitest'
import { temporaryHome } from '../../../core/test/support/home.ts'
import { startDaemon } from '../../../daemon/test/support/daemon.ts'
import { createClient, type EventView } from '../../src/index.ts'

test('events go on through the death of the daemon, each once and in order', async () => {
  await using home = await temporaryHome()
  let daemon = await startDaemon(home.path)
  const client = createClient({ home: home.path })
  const over = new AbortController()
  const seen: EventView[] = []
  const names: string[] = []
  const ends = new Map<string, () => void>()
  const following = (async () => {
    for await (const event of client.followEvents({ signal: over.signal })) {
      if (!('seq' in event)) continue
      seen.push(event)
      if (event.type === 'mission.created') names.push(String(event['name']))
      if (event.type === 'mission.exited') ends.get(String(event['mission']))?.()
    }
  })()
  for (const [n, how] of (['stay', 'kill', 'shutdown', 'kill'] as const).entries()) {
    const { id } = await client.start({ command: 'true', name: `m${n}`, cwd: '/tmp' })
    await new Promise<void>((resolve) => {
      ends.set(id, resolve)
      if (seen.some((event) => event.type === 'mission.exited' && event['mission'] === id)) resolve()
    })
    if (how === 'kill') await daemon.kill()
    if (how === 'shutdown') await daemon.shutdown(true)
    if (how !== 'stay') daemon = await startDaemon(home.path)
  }
  over.abort(new Error('enough'))
  await expect(following).rejects.toThrow('enough')
  expect(names).toEqual(['m0', 'm1', 'm2', 'm3'])
  const numbers = seen.map(({ seq }) => seq)
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
  expect(new Set(numbers).size).toBe(numbers.length)
  const journal = await Array.fromAsync(client.events({ since: (numbers[0] ?? 1) - 1 }))
  const known = journal.flatMap((event) => ('seq' in event ? [event.seq] : []))
  expect(known.slice(0, numbers.length)).toEqual(numbers)
  await daemon.shutdown(false)
})

test('what is wrong with the request is an error at once', async () => {
  await using home = await temporaryHome()
  const daemon = await startDaemon(home.path)
  const client = createClient({ home: home.path })
  const events = client.followEvents({ mission: 'nobody' })
  await expect(events[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'not_found' })
  await daemon.shutdown(false)
})
