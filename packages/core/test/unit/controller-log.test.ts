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
  leaveFiles(number: number): void
  isOpen(): boolean
}

const FULL = new Error('no space left')
const NO_FILES = new Error('too many open files')

function stage(): Stage {
  const clock = steppingClock()
  const faults: unknown[] = []
  let written = Buffer.alloc(0)
  let room = Infinity
  let isOpen = false
  let files = Infinity
  const log = controllerLog({
    clock,
    open() {
      if (files === 0) throw NO_FILES
      isOpen = true
      return 7
    },
    close(file) {
      expect(file).toBe(7)
      isOpen = false
    },
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
  return {
    log,
    clock,
    faults,
    written: () => written.toString(),
    leave: (bytes) => void (room = bytes),
    leaveFiles: (number) => void (files = number),
    isOpen: () => isOpen,
  }
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

test('whose file cannot be opened says so, and what is said waits until it can', () => {
  const { log, clock, faults, written, leaveFiles, isOpen } = stage()
  leaveFiles(0)
  expect(() => log.open()).toThrow(NO_FILES)
  log.say('one')
  log.say('two')
  clock.advance(1000)
  expect([written(), faults, isOpen()]).toEqual(['', [NO_FILES], false])
  leaveFiles(Infinity)
  clock.advance(1000)
  expect([written(), isOpen()]).toEqual(['one\ntwo\n', true])
  log.close()
  expect([clock.armed, isOpen()]).toEqual([0, false])
})
