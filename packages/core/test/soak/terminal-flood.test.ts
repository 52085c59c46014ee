import { expect, test } from 'vitest'
import { attachedTo } from '../support/attached.ts'
import { bench, textOf } from '../support/missions.ts'
import { missionProcesses, procFile } from '../support/processes.ts'

/** Bytes of the flood. */
const MANY = 200e6
const LINE = 80

test('200 MB on a terminal cost bounded memory and disk', async () => {
  await using b = await bench()
  const limit = 4 * 2 ** 20
  const mission = await b.runtime.start({
    command: `read -r go; yes ${'x'.repeat(LINE - 2)} | head -n ${MANY / LINE}; echo the end`,
    terminal: { columns: 100 },
    outputLimitBytes: limit,
  })
  using slow = await attachedTo(b.home.path, mission.id, { mode: 'watch' })
  slow.pause()
  using person = await attachedTo(b.home.path, mission.id)
  const program = missionProcesses(mission.id).find((pid) =>
    procFile(pid, 'cmdline')?.startsWith(process.execPath),
  )
  let most = 0
  const look = setInterval(() => {
    most = Math.max(most, Number(/VmHWM:\s+(\d+)/.exec(procFile(program!, 'status') ?? '')?.[1] ?? 0))
  }, 50)
  const begun = performance.now()
  person.type('\r')
  expect(await mission.exited()).toMatchObject({ code: 0 })
  const seconds = (performance.now() - begun) / 1000
  clearInterval(look)
  process.stdout.write(`${(MANY / 1e6 / seconds).toFixed(1)} MB/s, at most ${(most / 1024).toFixed(0)} MiB\n`)
  expect(most).toBeGreaterThan(0)
  expect(most).toBeLessThan(250 * 1024)
  const [log] = mission.outputFiles()
  const recordings = mission.outputFiles().filter(({ stream }) => stream === 'recording')
  expect(recordings.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(limit * 1.2)
  expect(log!.trimmedTo).toBeGreaterThan(MANY - 2 * limit)
  expect(await textOf(mission, { from: log!.bytes - 20 })).toContain('the end\n')
})
