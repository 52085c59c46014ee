import { appendFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type OutputWatch, watchOutput } from '../../src/process/output-watch.ts'
import { steppingClock, type SteppingClock } from '../fakes/stepping-clock.ts'
import { eventually } from '../support/eventually.ts'

const folder = mkdtempSync(join(tmpdir(), 'overmind-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('what could not be taken in of an output is taken in later', () => {
  const path = join(folder, 'output')
  writeFileSync(path, 'some')
  const clock = steppingClock()
  const grown: (readonly [number, number])[] = []
  const faults: unknown[] = []
  const short = new Error('too many open files')
  let isShort = true
  const watch = watchOutput({
    path,
    clock,
    from: 0,
    trimmedTo: 0,
    limitBytes: 2 ** 20,
    onGrowth: (from, to) => {
      if (isShort) throw short
      grown.push([from, to])
    },
    onTrim: () => {},
    onFault: (error) => faults.push(error),
    onUntrimmable: () => {},
  })
  clock.advance(100)
  expect(faults).toEqual([short])
  appendFileSync(path, ' more')
  isShort = false
  clock.advance(1000)
  expect(grown).toEqual([[0, 9]])
  watch.close()
})

interface Flood {
  readonly path: string
  readonly clock: SteppingClock
  readonly watch: OutputWatch
  readonly faults: readonly unknown[]
  readonly untrimmable: readonly string[]
  /** What it has on the disk. */
  kept(): number
}

/** Looks at 1 MiB of which 64 KiB may be kept, while the shell line comes before each time that some is given back. */
async function flooded(name: string, before: string, act: (flood: Flood) => Promise<void>): Promise<void> {
  const path = join(folder, name)
  writeFileSync(path, Buffer.alloc(2 ** 20, 'x'))
  const bin = mkdtempSync(join(folder, 'bin-'))
  const program = `#!/bin/sh\nPATH=/usr/bin:/bin\n${before}\nexec fallocate "$@"\n`
  writeFileSync(join(bin, 'fallocate'), program, { mode: 0o700 })
  const clock = steppingClock()
  const faults: unknown[] = []
  const untrimmable: string[] = []
  const usual = process.env['PATH']
  process.env['PATH'] = `${bin}:${usual}`
  const watch = watchOutput({
    path,
    clock,
    from: 0,
    trimmedTo: 0,
    limitBytes: 2 ** 16,
    onGrowth: () => {},
    onTrim: () => {},
    onFault: (error) => faults.push(error),
    onUntrimmable: (reason) => untrimmable.push(reason),
  })
  try {
    await act({ path, clock, watch, faults, untrimmable, kept: () => statSync(path).blocks * 512 })
  } finally {
    watch.close()
    process.env['PATH'] = usual
  }
}

test('what could not be given back to the disk in one moment is given back later', async () => {
  // As when the machine has no memory left: the first one is killed.
  const once = join(folder, 'once')
  const killed = `[ -e '${once}' ] || { : >'${once}'; kill -9 $$; }`
  await flooded('killed', killed, async ({ clock, watch, faults, untrimmable, kept }) => {
    watch.check()
    await eventually(() => faults.length > 0)
    clock.advance(1000)
    await eventually(() => kept() <= 2 ** 17)
    expect(faults).toHaveLength(1)
    expect(untrimmable).toEqual([])
  })
})

test('what a flood has written while some of it was given back is given back too, though it has ended by then', async () => {
  const go = join(folder, 'go')
  const waiting = `while [ ! -e '${go}' ]; do sleep 0.02; done`
  await flooded('growing', waiting, async ({ path, watch, faults, untrimmable, kept }) => {
    watch.check()
    appendFileSync(path, Buffer.alloc(2 ** 20, 'x'))
    watch.close()
    writeFileSync(go, '')
    await eventually(() => kept() <= 2 ** 17)
    expect([...faults, ...untrimmable]).toEqual([])
  })
})
