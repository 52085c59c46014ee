import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { bench, node } from '../support/missions.ts'

const MEBIBYTE = 2 ** 20
const LIMIT = 256 * MEBIBYTE
const FLOOD = 5 * 1024 * MEBIBYTE
const LINE = 64

test('a flood of 5 GB keeps its newest 256 MB, whole and at their offsets, and no more of the disk', async () => {
  await using overmind = await bench()
  const mission = await overmind.runtime.start({ command: node('numbered-lines.ts', String(FLOOD)) })
  const path = join(overmind.home.path, 'output', `${mission.id}.1.log`)
  let most = 0
  const watching = eventually(
    () => {
      most = Math.max(most, statSync(path).blocks * 512)
      return mission.view().state.exit !== null
    },
    { within: 600_000 },
  )
  expect(await mission.exited()).toMatchObject({ class: 'completed' })
  await watching
  expect(statSync(path).size).toBe(FLOOD)
  expect(most).toBeLessThan(2 * LIMIT)
  await eventually(() => statSync(path).blocks * 512 < LIMIT * 1.2)

  let length = 0
  let rest = ''
  let next: number | undefined
  for await (const part of mission.output()) {
    length += part.length
    const lines = (rest + Buffer.from(part).toString('latin1')).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const number = Number(line.replaceAll('.', ''))
      if (next !== undefined && number !== next) throw new Error(`line ${number} where ${next} should be`)
      next = number + 1
    }
  }
  expect(length).toBeGreaterThanOrEqual(LIMIT)
  expect(next).toBe(FLOOD / LINE)
})
