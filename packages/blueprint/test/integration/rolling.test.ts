import { rmSync, writeFileSync } from 'node:fs'
import type { Mission } from '@overmind/core'
import { expect, test } from 'vitest'
import { eventually } from '../../../core/test/support/eventually.ts'
import { scalePipeline } from '../../src/index.ts'
import { logOf, openStage, type Stage, until } from '../support/stage.ts'

/** A fleet whose copies of a version are of use once a file says so. */
const fleet = (stage: Stage, version: string, more: object = {}): object => ({
  name: 'p',
  agents: {
    web: {
      command: `${until(stage.file(`${version}-$OVERMIND_REPLICA`))}; echo of use; sleep 1000`,
      replicas: 3,
      backoff: 0.01,
      ready: { output: 'of use' },
      ...more,
    },
  },
})

const allow = (stage: Stage, version: string, ...copies: readonly number[]): void => {
  for (const copy of copies) writeFileSync(stage.file(`${version}-${copy}`), '')
}

/** By their numbers: they start side by side, in any order. */
const copies = (stage: Stage): readonly Mission[] =>
  stage
    .runtime()
    .list()
    .filter(({ name, view }) => name.startsWith('p.web-') && view().state.exit === null)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))

const versionOf = (mission: Mission): string => {
  const { command } = mission.view().spec
  return /(v\d)-/.exec(command.kind === 'shell' ? command.line : '')?.[1] ?? ''
}

/** Which version runs of each copy, once that is so. */
const runs = (stage: Stage, ...versions: readonly string[]): Promise<unknown> =>
  eventually(
    () => {
      const found = new Map(copies(stage).map((mission) => [mission.name, versionOf(mission)]))
      return (
        found.size === versions.length &&
        versions.every((version, at) => found.get(`p.web-${at + 1}`) === version)
      )
    },
    { what: versions.join() },
  )

/** It has v1 of three copies. */
async function begun(stage: Stage, more: object = {}): Promise<Mission> {
  allow(stage, 'v1', 1, 2, 3, 4)
  const { mission } = await stage.apply(fleet(stage, 'v1', more))
  await runs(stage, 'v1', 'v1', 'v1')
  for (const copy of [1, 2, 3])
    await eventually(async () => (await logOf(mission)).includes(`[web-${copy}] ready`))
  return mission
}

test('copies are replaced one at a time, the next when the last is of use', async () => {
  await using stage = await openStage()
  await begun(stage)
  const { mission } = await stage.apply(fleet(stage, 'v2'))
  await runs(stage, 'v2', 'v1', 'v1')
  expect(mission.doing()).toEqual([
    'At work: web-1, web-2 and web-3.',
    'web is being changed: 0 of 3 are new.',
  ])
  allow(stage, 'v2', 1)
  await runs(stage, 'v2', 'v2', 'v1')
  expect(mission.doing()).toContain('web is being changed: 1 of 3 are new.')
  allow(stage, 'v2', 2)
  await runs(stage, 'v2', 'v2', 'v2')
  allow(stage, 'v2', 3)
  await eventually(async () => (await logOf(mission)).includes('[web] changed: all 3 are new'))
  expect(mission.doing()).toEqual(['At work: web-1, web-2 and web-3.'])
  expect((await logOf(mission)).filter((line) => line.includes('web-2'))).toEqual([
    '[web-2] replaced: p.web-2 is ended',
    '[web-2] started as p.web-2',
    '[web-2] ready',
  ])
  await mission.stop()
  expect(stage.home.processes()).toEqual([])
})

test('more at a time where more may be of no use, and who waits for it waits for all', async () => {
  await using stage = await openStage()
  const user = { user: { command: 'true', depends_on: [{ agent: 'web', when: 'ready' }] } }
  const plan = (version: string): object => {
    const update = { max_unavailable: 2 }
    const { agents, ...rest } = fleet(stage, version, { update }) as { agents: object }
    return { ...rest, agents: { ...agents, ...user } }
  }
  allow(stage, 'v1', 1, 2, 3)
  const first = await stage.apply(plan('v1'))
  await eventually(async () => (await logOf(first.mission)).includes('[user] completed'))
  const { mission } = await stage.apply(plan('v2'))
  await runs(stage, 'v2', 'v2', 'v1')
  allow(stage, 'v2', 1)
  await runs(stage, 'v2', 'v2', 'v2')
  allow(stage, 'v2', 2)
  await eventually(async () => (await logOf(mission)).includes('[web-2] ready'))
  expect(await logOf(mission)).not.toContain('[user] started as p.user')
  allow(stage, 'v2', 3)
  await eventually(async () => (await logOf(mission)).includes('[user] completed'))
  await mission.stop()
})

test('one that fails before it is of use stops it: the others go on, and a mended file goes on from there', async () => {
  await using stage = await openStage()
  await begun(stage)
  const kept = copies(stage)
    .slice(1)
    .map(({ id }) => id)
  const broken = {
    name: 'p',
    agents: { web: { command: 'exit 3 # v2-', replicas: 3, max_restarts: 1, backoff: 0.01 } },
  }
  const { mission } = await stage.apply(broken)
  const paused = 'web-1 failed; web-2 and web-3 of the earlier description go on'
  await eventually(async () => (await logOf(mission)).includes(`[web] paused: ${paused}`))
  expect(mission.doing().at(-1)).toBe(`The change of web is paused: ${paused}. Apply a mended file to go on.`)
  expect(copies(stage).map(({ id }) => id)).toEqual(kept)
  // Applied as it is, the one that failed is tried again, and no other.
  const again = await stage.apply(broken)
  expect(again.outcome).toBe('retried')
  await eventually(async () => (await logOf(again.mission)).includes(`[web] paused: ${paused}`))
  expect(copies(stage).map(({ id }) => id)).toEqual(kept)
  allow(stage, 'v3', 1, 2, 3)
  const mended = await stage.apply(fleet(stage, 'v3'))
  await runs(stage, 'v3', 'v3', 'v3')
  await eventually(async () => (await logOf(mended.mission)).includes('[web] changed: all 3 are new'))
  await mended.mission.stop()
})

test('one that is not of use in its time stops it as well, until it is', async () => {
  await using stage = await openStage()
  await begun(stage)
  const { mission } = await stage.apply(fleet(stage, 'v2', { update: { within: 0.2 } }))
  const paused = 'web-1 was of no use within 0.2 s; web-2 and web-3 of the earlier description go on'
  await eventually(async () => (await logOf(mission)).includes(`[web] paused: ${paused}`))
  expect(await stage.apply(fleet(stage, 'v2', { update: { within: 60 } }))).toMatchObject({
    outcome: 'changed',
  })
  const next = stage.find('p')
  await eventually(() => next?.doing().includes('web is being changed: 0 of 3 are new.'))
  allow(stage, 'v2', 1, 2, 3)
  await runs(stage, 'v2', 'v2', 'v2')
  await next?.stop()
})

test('one whose successor cannot be started goes on', async () => {
  await using stage = await openStage()
  await begun(stage)
  const before = copies(stage).map(({ id }) => id)
  const { mission } = await stage.apply(
    fleet(stage, 'v2', { env: { SECRET: { from_file: stage.file('not-there') } } }),
  )
  await eventually(async () =>
    (await logOf(mission)).some((line) =>
      line.startsWith('[web] paused: web-1 could not be started; web-1, web-2 and web-3'),
    ),
  )
  expect(copies(stage).map(({ id }) => id)).toEqual(before)
  expect(await mission.stop()).toMatchObject({ class: 'stopped' })
  expect(stage.home.processes()).toEqual([])
})

test('without a probe a copy is of use when it has stayed up', async () => {
  await using stage = await openStage()
  const plan = (version: string): object => ({
    name: 'p',
    agents: { web: { command: `sleep 1000 # ${version}-`, replicas: 2, update: { stay_up: 0.2 } } },
  })
  await stage.apply(plan('v1'))
  await runs(stage, 'v1', 'v1')
  const { mission } = await stage.apply(plan('v2'))
  await runs(stage, 'v2', 'v2')
  await eventually(async () => (await logOf(mission)).includes('[web] changed: all 2 are new'))
  const [first, second] = ['p.web-1', 'p.web-2'].map((name) => stage.find(name)?.view())
  expect((second?.createdAt ?? 0) - (first?.state.startedAt?.wall ?? 0)).toBeGreaterThanOrEqual(200)
  await mission.stop()
})

test('a supervisor that dies at any edge of it is followed by one that goes on', async () => {
  await using stage = await openStage()
  await begun(stage)
  const { mission } = await stage.apply(fleet(stage, 'v2'))
  const pipeline = (): Mission => stage.runtime().get(mission.id)
  await stage.takeOver()
  await runs(stage, 'v2', 'v1', 'v1')
  await stage.takeOver()
  allow(stage, 'v2', 1)
  await runs(stage, 'v2', 'v2', 'v1')
  await stage.takeOver()
  expect(copies(stage).map(versionOf).toSorted()).toEqual(['v1', 'v2', 'v2'])
  allow(stage, 'v2', 2)
  await eventually(() =>
    copies(stage).filter((one) => versionOf(one) === 'v1').length === 0 ? true : undefined,
  )
  await stage.takeOver()
  await runs(stage, 'v2', 'v2', 'v2')
  allow(stage, 'v2', 3)
  await eventually(async () => (await logOf(pipeline())).includes('[web-3] ready'))
  const started = (await logOf(pipeline())).filter((line) => line.includes('started as'))
  expect(started).toHaveLength(3)
  expect(
    stage
      .runtime()
      .list()
      .filter(({ name }) => name.startsWith('p.web-')),
  ).toHaveLength(6)
  await pipeline().stop()
  expect(stage.faults).toEqual([])
})

test('another number, and another change, in the middle of it', async () => {
  await using stage = await openStage()
  await begun(stage)
  await stage.apply(fleet(stage, 'v2'))
  await runs(stage, 'v2', 'v1', 'v1')
  await scalePipeline(stage.runtime(), 'p', { web: 4 })
  await runs(stage, 'v2', 'v1', 'v1', 'v2')
  // Two are of no use yet: none is replaced until both are.
  allow(stage, 'v2', 1)
  await eventually(async () => (await logOf(stage.find('p')!)).includes('[web-1] ready'))
  await runs(stage, 'v2', 'v1', 'v1', 'v2')
  allow(stage, 'v2', 4)
  await runs(stage, 'v2', 'v2', 'v1', 'v2')
  allow(stage, 'v3', 1, 2, 3)
  const { mission } = await stage.apply(fleet(stage, 'v3'))
  // The one that is of no use is replaced first.
  await runs(stage, 'v3', 'v3', 'v3')
  await eventually(async () => (await logOf(mission)).includes('[web] changed: all 3 are new'))
  expect((await logOf(mission)).find((line) => line.includes('replaced'))).toBe(
    '[web-2] replaced: p.web-2 is ended',
  )
  rmSync(stage.file('v3-1'))
  await mission.stop()
  expect(stage.home.processes()).toEqual([])
})
