import { describe, expect, test } from 'vitest'
import { type Mission, type MissionInput, type Runtime, seq } from '../../src/index.ts'
import { eventually } from '../support/eventually.ts'
import { openSuccession } from '../support/succession.ts'
import { bench } from '../support/missions.ts'

const SLEEP = { command: ['/bin/sleep', '1000'] } satisfies MissionInput

function living(runtime: Runtime): readonly Mission[] {
  return runtime.list().filter((mission) => mission.view().state.exit === null)
}

/** Names of missions in the order in which they exited. */
async function exitOrder(runtime: Runtime): Promise<readonly string[]> {
  const names: string[] = []
  for await (const event of runtime.events({ since: seq(0), follow: false })) {
    if (event.type === 'mission.exited') names.push(runtime.get(event.mission).name)
  }
  return names
}

describe('a parent', () => {
  test('is named by id, by name, or by the beginning of its id, and knows its children', async () => {
    await using overmind = await bench()
    const { runtime } = overmind
    const lead = await runtime.start({ ...SLEEP, name: 'lead' })
    const children = [
      await runtime.start({ ...SLEEP, parent: 'lead' }),
      await runtime.start({ ...SLEEP, parent: lead.id }),
      await runtime.start({ ...SLEEP, parent: lead.id.slice(0, 6) }),
    ]
    expect(children.map((child) => child.view().spec.parent)).toEqual([lead.id, lead.id, lead.id])
    expect(lead.view().children).toEqual(children.map(({ id }) => id))
    await children[1]!.kill()
    await runtime.remove(children[1]!.id)
    expect(lead.view().children).toEqual([children[0]!.id, children[2]!.id])
  })

  test('that does not exist is an error, and nothing is started', async () => {
    await using overmind = await bench()
    await expect(overmind.runtime.start({ ...SLEEP, parent: 'nobody' })).rejects.toMatchObject({
      code: 'parent_not_found',
      field: 'parent',
    })
    expect(overmind.runtime.list()).toEqual([])
  })

  test('may exit, and be forgotten: its children go on, and belong to its own parent', async () => {
    await using overmind = await bench()
    const { runtime } = overmind
    const head = await runtime.start(SLEEP)
    const lead = await runtime.start({ ...SLEEP, parent: head.id })
    const child = await runtime.start({ ...SLEEP, parent: lead.id })
    await lead.stop()
    await runtime.remove(lead.id)
    expect(child.view()).toMatchObject({ status: 'running', spec: { parent: head.id } })
    expect(head.view().children).toEqual([child.id])
    await head.stop()
    await runtime.remove(head.id)
    expect(child.view()).toMatchObject({ status: 'running', spec: { parent: head.id } })
  })

  test('may be another one from some moment on, for the next supervisor too', async () => {
    await using succession = await openSuccession()
    const runtime = succession.runtime()
    const [first, second] = [await runtime.start(SLEEP), await runtime.start(SLEEP)]
    const child = await runtime.start({ ...SLEEP, parent: first.id, onParentExit: 'stop' })
    runtime.move(child.id, second.id)
    expect(first.view().children).toEqual([])
    expect(second.view().children).toEqual([child.id])
    expect(child.history({ types: ['mission.moved'], limit: 1 })).toMatchObject([
      { from: first.id, parent: second.id },
    ])
    await first.stop()
    await succession.takeOver()
    const next = succession.runtime()
    expect(next.get(child.id).view()).toMatchObject({ status: 'running', spec: { parent: second.id } })
    await next.get(second.id).stop()
    expect(await next.get(child.id).exited()).toMatchObject({ class: 'stopped' })
  })

  test('cannot be one that belongs to it', async () => {
    await using overmind = await bench()
    const { runtime } = overmind
    const head = await runtime.start(SLEEP)
    const child = await runtime.start({ ...SLEEP, parent: head.id })
    const grandchild = await runtime.start({ ...SLEEP, parent: child.id })
    for (const { id } of [head, child, grandchild])
      expect(() => runtime.move(head.id, id)).toThrow(expect.objectContaining({ code: 'invalid_spec' }))
    expect(head.view().spec.parent).toBeNull()
  })
})

describe('a mission that is bound to its parent', () => {
  const BOUND = { ...SLEEP, onParentExit: 'stop' } satisfies MissionInput

  test('is stopped when its parent has exited, and so are those that are bound to it', async () => {
    await using overmind = await bench()
    const { runtime } = overmind
    const lead = await runtime.start(SLEEP)
    const child = await runtime.start({ ...BOUND, parent: lead.id })
    const grandchild = await runtime.start({ ...BOUND, parent: child.id })
    const free = await runtime.start({ ...SLEEP, parent: child.id })
    await lead.kill()
    for (const mission of [child, grandchild]) {
      expect(await mission.exited()).toMatchObject({
        class: 'stopped',
        signal: 'SIGTERM',
        evidence: { reason: expect.stringContaining('because its parent exited') },
      })
    }
    expect(free.view().status).toBe('running')
  })

  test('goes on while its parent is only restarted', async () => {
    await using overmind = await bench()
    const { runtime } = overmind
    const lead = await runtime.start(SLEEP)
    const child = await runtime.start({ ...BOUND, parent: lead.id })
    await lead.restart()
    expect(lead.view().state.run).toBe(2)
    expect(child.view()).toMatchObject({ status: 'running', state: { run: 1 } })
  })

  test('is not started again when it waits to be', async () => {
    await using overmind = await bench()
    const { runtime } = overmind
    const lead = await runtime.start(SLEEP)
    const child = await runtime.start({
      command: 'exit 3',
      restart: 'always',
      backoffMs: 60_000,
      parent: lead.id,
      onParentExit: 'stop',
    })
    await eventually(() => child.view().state.phase === 'restarting.backoff')
    await lead.stop()
    expect(await child.exited()).toMatchObject({ class: 'stopped', code: null })
  })

  test('is neither started nor restarted without it', async () => {
    await using overmind = await bench()
    const { runtime } = overmind
    const lead = await runtime.start(SLEEP)
    const child = await runtime.start({ ...BOUND, parent: lead.id })
    await lead.stop()
    await child.exited()
    await expect(child.restart()).rejects.toMatchObject({ code: 'not_running' })
    await expect(runtime.start({ ...BOUND, parent: lead.id })).rejects.toMatchObject({ code: 'not_running' })
    await lead.restart()
    await child.restart()
    expect(child.view().status).toBe('running')
    await lead.stop()
    await child.exited()
    await runtime.remove(lead.id)
    await expect(child.restart()).rejects.toThrow(
      `parent ${lead.id}, which was forgotten: start a new one in its place`,
    )
  })
})

describe('a whole family is killed', () => {
  test('children before their parents, however deep', async () => {
    await using overmind = await bench()
    const { runtime } = overmind
    await runtime.start({ ...SLEEP, name: 'other' })
    await runtime.start({ ...SLEEP, name: 'root' })
    await runtime.start({ ...SLEEP, name: 'left', parent: 'root' })
    let parent = 'root'
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) {
      await runtime.start({ ...SLEEP, name, parent })
      parent = name
    }
    expect(await runtime.get('root').kill({ cascade: true })).toMatchObject({ class: 'killed' })
    const order = (await exitOrder(runtime)).filter((name) => name !== 'left')
    expect(order).toEqual(['f', 'e', 'd', 'c', 'b', 'a', 'root'])
    expect(living(runtime).map(({ name }) => name)).toEqual(['other'])
  })

  test('also when its head has exited already', async () => {
    await using overmind = await bench()
    const { runtime } = overmind
    const lead = await runtime.start(SLEEP)
    const child = await runtime.start({ ...SLEEP, parent: lead.id })
    await lead.stop()
    await expect(lead.kill()).rejects.toMatchObject({ code: 'not_running' })
    expect(await lead.kill({ cascade: true })).toMatchObject({ class: 'stopped' })
    expect(child.view().status).toBe('killed')
  })

  test('also when it grows meanwhile', async () => {
    await using overmind = await bench()
    const { runtime } = overmind
    const lead = await runtime.start(SLEEP)
    await runtime.start({ ...SLEEP, parent: lead.id })
    const starts: Promise<Mission>[] = []
    const stop = new AbortController()
    const replacing = (async () => {
      for await (const event of runtime.events({ signal: stop.signal })) {
        const replace = event.type === 'mission.exited' && event.mission !== lead.id && starts.length < 20
        if (replace) starts.push(runtime.start({ ...SLEEP, parent: lead.id }))
      }
    })()
    await lead.kill({ cascade: true })
    stop.abort()
    await replacing
    await Promise.all(starts)
    await eventually(async () => {
      await lead.kill({ cascade: true })
      return living(runtime).length === 0
    })
    expect(lead.view().status).toBe('killed')
    expect(starts.length).toBeGreaterThan(0)
  })
})
