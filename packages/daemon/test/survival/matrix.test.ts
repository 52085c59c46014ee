/** The survival matrix of docs/survival.md: each cell is a test, and bears its name. */
import { describe, test } from 'vitest'
import { FAULTS } from './faults.ts'
import { KINDS } from './kinds.ts'
import { openStage } from './stage.ts'

describe.concurrent.each(FAULTS)('$name:', (fault) => {
  test.each(KINDS)('$name', async (kind) => {
    await using stage = await (fault.open ?? openStage)()
    const subject = await kind.begin(stage)
    await fault.strike(stage, subject)
    await subject.goesOn()
    await subject.isWhole(fault.runs)
  })
})
