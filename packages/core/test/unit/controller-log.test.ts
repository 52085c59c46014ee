import { expect, test } from 'vitest'
import { controllerLog, type ControllerLog } from '../../src/runtime/controller-log.ts'
import { type SteppingClock, steppingClock } from '../fakes/stepping-clock.ts'

interface Stage {
  readonly log: ControllerLog
  readonly clock: SteppingClock
  readonly faults: readonly unknown[]
  written(): string
  /** So many more bytes fit. */
  leave(bytes: number): void
}

const FULL = new Error('no space left')

function stage(): Stage {
  const clock = steppingClock()
  const faults: unknown[] = []
  let written = Buffer.alloc(0)
  let room = Infinity
  const log = controllerLog(7, {
    clock,
    onFault: (error) => faults.push(error),
    write(file, bytes) {
      expect(file).toBe(7)
      if (room === 0) throw FULL
      const some = Buffer.from(bytes).subarray(0, Math.min(room, bytes.length))
      room -= some.length
      written = Buffer.concat([written, some])
      return some.length
    },
  })
  return { log, clock, faults, written: () => written.toString(), leave: (bytes) => void (room = bytes) }
}

test('what does not fit is written when there is room, whole and in order', () => {
  const { log, clock, faults, written, leave } = stage()
  log.say('one')
  leave(5)
  log.say('two')
  log.say('three')
  log.say('ünd vier')
  expect(written()).toBe('one\ntwo\nt')
  clock.advance(1000)
  expect(written()).toBe('one\ntwo\nt')
  expect(faults).toEqual([FULL])
  leave(Infinity)
  clock.advance(1000)
  expect(written()).toBe('one\ntwo\nthree\nünd vier\n')
  expect(clock.armed).toBe(0)
  leave(0)
  log.say('five')
  expect(faults).toEqual([FULL, FULL])
})

test('that is closed tries a last time, and then no more', () => {
  const { log, clock, written, leave } = stage()
  leave(0)
  log.say('last words')
  leave(Infinity)
  log.close()
  expect(written()).toBe('last words\n')
  leave(0)
  log.close()
  expect(clock.armed).toBe(0)
})
