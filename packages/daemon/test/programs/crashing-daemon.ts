/**
 * A daemon that dies by SIGKILL just before or just after it has written the change that tells of one
 * event: CRASH_EVENT names its type, CRASH_WHEN is `before` or `after`, CRASH_REASON narrows `run.ending`
 * down, CRASH_RUN to one run.
 */
import { writeSync } from 'node:fs'
import type { EventDraft, Store } from '@overmind/core'
import { startDaemon } from '../../src/index.ts'

const {
  OVERMIND_HOME: home = '',
  CRASH_EVENT: type,
  CRASH_WHEN: when,
  CRASH_REASON: reason,
  CRASH_RUN: run,
} = process.env

function isTheOne(event: EventDraft): boolean {
  return (
    event.type === type &&
    (reason === undefined || ('reason' in event && event.reason === reason)) &&
    (run === undefined || ('run' in event && event.run === Number(run)))
  )
}

function die(): void {
  process.kill(process.pid, 'SIGKILL')
}

function dyingStore(store: Store): Store {
  return {
    ...store,
    commit(change) {
      const now = change.events.some(isTheOne)
      if (now && when === 'before') die()
      const events = store.commit(change)
      if (now && when === 'after') die()
      return events
    },
  }
}

const daemon = await startDaemon({ home, wrapStore: dyingStore })
writeSync(3, `${JSON.stringify({ ready: true, pid: process.pid })}\n`)
await daemon.closed
