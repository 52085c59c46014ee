/** A terminal whose disk is full. The disk is a small one, mounted for the purpose, which takes root. */
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createRuntime } from '../../src/index.ts'
import { attachedTo } from '../support/attached.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryHome } from '../support/home.ts'
import { textOf } from '../support/missions.ts'

test('a full disk costs parts of the log and of the recording, and nothing of the run', async () => {
  await using home = await temporaryHome()
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m,mode=0700', 'overmind-test', home.path])
  using _ = { [Symbol.dispose]: () => execFileSync('umount', ['-l', home.path]) }
  const filler = join(home.path, 'filler')
  writeFileSync(filler, Buffer.alloc(1_500_000))
  await using runtime = await createRuntime({ home: home.path })
  const mission = await runtime.start({
    command: 'seq 1 300000; echo full; while read -r line; do echo "<$line>"; done; exit 4',
    terminal: {},
  })
  using person = await attachedTo(home.path, mission.id)
  await person.shows('full')
  using late = await attachedTo(home.path, mission.id)
  await late.shows('full')

  rmSync(filler)
  const recording = mission.outputFiles().find(({ stream }) => stream === 'recording')?.path ?? ''
  await eventually(() => {
    // It is tried again with the next output, now and then.
    person.type('again\r')
    return readFileSync(recording, 'utf8').includes('\\u001bc')
  })
  person.type('\x04')
  expect(await mission.exited()).toMatchObject({ code: 4 })
  expect(await textOf(mission)).toMatch(/\n--- \d+ bytes could not be written ---\n/)
  // Every line of it is whole.
  const lines = readFileSync(recording, 'utf8').trimEnd().split('\n')
  expect(lines.map((line) => typeof JSON.parse(line))).toEqual(lines.map(() => 'object'))
})
