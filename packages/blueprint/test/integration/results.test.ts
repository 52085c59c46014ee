import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { eventually } from '../../../core/test/support/eventually.ts'
import { takeDown } from '../../src/index.ts'
import { openStage, type Stage, textOf, until } from '../support/stage.ts'

const plan = (stage: Stage, other: string): object => ({
  name: 'p',
  agents: {
    facts: { command: 'echo a fact' },
    reader: {
      command: `file={{ facts.file }}; ${until(stage.file('go'))}; cat "$file"`,
      depends_on: ['facts'],
    },
    other: { command: other },
  },
})

const kept = (stage: Stage): readonly string[] => readdirSync(stage.file('results'))

test('a result that was read as a file is gone with the mission whose it is', async () => {
  await using stage = await openStage()
  await stage.apply(plan(stage, 'true'))
  const facts = await eventually(() => stage.find('p.reader') && stage.find('p.facts'))
  expect(kept(stage)).toEqual([facts.id])
  expect(readdirSync(facts.resultsFolder)).toEqual(['facts.txt'])
  await takeDown(stage.runtime(), 'p')
  expect(kept(stage)).toEqual([])
})

test('an agent that goes on through a change finds what it was told of, also when the pipeline before is forgotten', async () => {
  await using stage = await openStage()
  const { mission: before } = await stage.apply(plan(stage, 'true'))
  const reader = await eventually(() => stage.find('p.reader'))
  const { mission } = await stage.apply(plan(stage, 'echo changed'))
  await stage.runtime().remove(before.id)
  writeFileSync(stage.file('go'), '')
  expect(await mission.exited()).toMatchObject({ code: 0 })
  expect(await textOf(reader)).toBe('a fact')
})

test('what a supervisor that died had not got to remove is removed by the next one', async () => {
  await using stage = await openStage()
  const mission = await stage.runtime().start({ command: 'true' })
  await mission.exited()
  await stage.runtime().remove(mission.id)
  mkdirSync(mission.resultsFolder)
  const ofSomebody = join(dirname(mission.resultsFolder), '0badcafe')
  mkdirSync(ofSomebody)
  await stage.takeOver()
  expect(existsSync(mission.resultsFolder)).toBe(false)
  // Its mission may only be lost with its store.
  expect(existsSync(ofSomebody)).toBe(true)
})
