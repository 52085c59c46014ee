/** Children as they are shown. */
import type { ActorRefFromLogic, AnyActorLogic } from 'xstate'
import { type Crew, lastLife, type Member, type MemberState, startFailure } from './crew.ts'
import type { Intensity } from './intensity.ts'
import { type SupervisorHandle, treeOf, whenExited } from './logic.ts'
import type { Scope } from './scope.ts'
import type { ChildRef, ChildType } from './spec.ts'
import { renderTree, type TreeNode } from './tree.ts'

const MOST_PRINTED = 50

/** What the handles of all supervisors do alike. */
export function commonHandle(
  { self }: Scope,
  crew: Pick<Crew, 'stop'>,
  tree: () => TreeNode,
): SupervisorHandle {
  const exited = whenExited(self)
  const print = (): string => renderTree(tree())
  return {
    ref: self,
    async stop() {
      crew.stop()
      return exited
    },
    exited: () => exited,
    print,
    toString: print,
    async [Symbol.asyncDispose]() {
      crew.stop()
      await exited
    },
  }
}

/** A child at this moment. */
export interface ChildView {
  readonly id: string
  readonly type: ChildType
  /** `restarting`: its last start failed, and the next one is due. */
  readonly state: MemberState['kind']
  /** Its actor: the one that runs, or the last one while it is being restarted. */
  readonly ref: ChildRef | undefined
}

/** How many children there are: all, those that run, and all by type. */
export interface ChildCounts {
  readonly specs: number
  readonly active: number
  readonly supervisors: number
  readonly workers: number
}

/** A child that has started; without an actor when its start was ignored. */
export interface StartedChild<Logic extends AnyActorLogic = AnyActorLogic> {
  readonly ref: ActorRefFromLogic<Logic> | undefined
  /** What the child's start function had to tell. */
  readonly info: unknown
}

export function view({ spec: { id, type }, state }: Member): ChildView {
  return { id, type, state: state.kind, ref: lastLife(state)?.ref }
}

export function count(members: Iterable<Member>): ChildCounts {
  const counts = { specs: 0, active: 0, supervisors: 0, workers: 0 }
  for (const { spec, state } of members) {
    counts.specs += 1
    if (state.kind === 'running' && state.life.exit === undefined) counts.active += 1
    if (spec.type === 'supervisor') counts.supervisors += 1
    else counts.workers += 1
  }
  return counts
}

/** Starts a child for somebody who asked for it. @throws OvermindError `child_start_failed` */
export async function bringAsked(crew: Crew, member: Member): Promise<StartedChild> {
  const attempt = await crew.bring(member)
  switch (attempt.kind) {
    case 'started':
      return { ref: attempt.life.ref, info: attempt.life.info }
    case 'ignored':
      return { ref: undefined, info: undefined }
    case 'failed':
      throw startFailure(member.spec, attempt.error)
  }
}

/** `3 restarts in 5 s` */
export function often({ maxRestarts, maxSeconds }: Intensity): string {
  return `${maxRestarts} restart${maxRestarts === 1 ? '' : 's'} in ${maxSeconds} s`
}

export function supervisorNode(line: string, members: readonly Member[]): TreeNode {
  const children = members.slice(0, MOST_PRINTED).map(({ spec, state }): TreeNode => {
    const below = state.kind === 'running' ? treeOf(state.life.ref) : undefined
    const own = `${spec.id} ${spec.restart} ${spec.type}, ${state.kind}`
    return below === undefined
      ? { line: own, children: [], more: 0 }
      : { ...below, line: `${below.line}, ${spec.restart}` }
  })
  return { line, children, more: Math.max(0, members.length - MOST_PRINTED) }
}
