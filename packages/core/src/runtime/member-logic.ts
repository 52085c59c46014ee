/** A mission as a child of a supervisor: an xstate actor that lives as long as the mission does. */
import { type AnyStateMachine, fromPromise, isMachineSnapshot, setup, type Snapshot } from 'xstate'

/** What a member can do; each settles when it is done. */
export interface MemberLife {
  /** Gets its mission running. Rejects when it cannot be. */
  begin(): Promise<void>
  /** Settles when the mission has ended well. Rejects when it failed. */
  over(): Promise<void>
  /** Ends the mission, if it runs. */
  end(): Promise<void>
}

/** Asks a member to end. */
export const END_MEMBER = { type: 'end' } as const

export function memberLogic(life: MemberLife): AnyStateMachine {
  return setup({
    actors: {
      begin: fromPromise(() => life.begin()),
      over: fromPromise(() => life.over()),
      end: fromPromise(() => life.end()),
    },
  }).createMachine({
    initial: 'beginning',
    on: { end: '.ending' },
    states: {
      beginning: { invoke: { src: 'begin', onDone: 'up' } },
      up: { invoke: { src: 'over', onDone: 'ended' } },
      ending: { on: { end: {} }, invoke: { src: 'end', onDone: 'ended' } },
      ended: { type: 'final' },
    },
  })
}

/** Whether its mission has got to run; it may be over already. */
export function isUp(snapshot: Snapshot<unknown>): boolean {
  return isMachineSnapshot(snapshot) && (snapshot.matches('up') || snapshot.matches('ended'))
}
