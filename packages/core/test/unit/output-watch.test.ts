import { appendFileSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { watchOutput } from '../../src/process/output-watch.ts'
import { steppingClock } from '../fakes/stepping-clock.ts'
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

test('what could not be given back to the disk in one moment is given back later', async () => {
  const path = join(folder, 'flood')
  writeFileSync(path, Buffer.alloc(2 ** 20, 'x'))
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  // As when the machine has no memory left: the first one is killed.
  const program = `#!/bin/sh
[ -e '${bin}/first' ] || { : >'${bin}/first'; kill -9 $$; }
PATH=/usr/bin:/bin exec fallocate "$@"
`
  writeFileSync(join(bin, 'fallocate'), program, { mode: 0o700 })
  const clock = steppingClock()
  const faults: unknown[] = []
  const untrimmable: string[] = []
  const usual = process.env['PATH']
  process.env['PATH'] = `${bin}:${usual}`
  try {
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
    watch.check()
    await eventually(() => faults.length > 0)
    clock.advance(1000)
    await eventually(() => statSync(path).blocks * 512 <= 2 ** 17)
    watch.close()
  } finally {
    process.env['PATH'] = usual
  }
  expect(faults).toHaveLength(1)
  expect(untrimmable).toEqual([])
})
