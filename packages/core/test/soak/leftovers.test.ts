import { spawn } from 'node:child_process'
import { expect, test } from 'vitest'
import { bench, program } from '../support/missions.ts'

test('what three thousand finished commands leave is found, however many orphans of others come and go', async () => {
  await using overmind = await bench()
  const others = [0, 1].map(() =>
    spawn('/bin/sh', [program('orphans-come-and-go.sh')], { stdio: 'ignore', detached: true }),
  )
  try {
    let round = 0
    const missed: string[] = []
    const startSome = async (): Promise<void> => {
      for (round += 1; round <= 3000; round += 1) {
        const mission = await overmind.runtime.start({ command: 'sleep 1000 & exit 0' })
        const exit = await mission.exited()
        if (exit.receipt.signals.length === 0) missed.push(mission.id)
      }
    }
    await Promise.all(Array.from({ length: 12 }, startSome))
    expect(missed).toEqual([])
    expect(overmind.home.processes()).toEqual([])
  } finally {
    for (const { pid } of others) if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  }
})
