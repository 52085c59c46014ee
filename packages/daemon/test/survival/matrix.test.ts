/** The survival matrix of docs/survival.md: each cell is a test, and bears its name. */
import { describe, expect, test } from 'vitest'
import { FAULTS } from './faults.ts'
import { KINDS } from './kinds.ts'
import { openStage } from './stage.ts'

describe.concurrent.each(FAULTS)('$name:', (fault) => {
  const concerned = KINDS.filter(({ name }) => fault.kinds?.includes(name) ?? true)
  test.each(concerned)('$name', async (kind) => {
    await using stage = await (fault.open?.() ?? openStage())
    const subject = await kind.begin(stage)
    await fault.strike(stage, subject)
    await expect(subject.goesOn()).resolves.toBeUndefined()
    await expect(subject.isWhole(fault.runs)).resolves.toBeUndefined()
  })
})
