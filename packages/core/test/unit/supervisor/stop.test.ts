import { type ActorLogic, createActor, fromPromise, type Snapshot } from 'xstate'
import { expect, test } from 'vitest'
import {
  type ChildInput,
  type Report,
  type RestartType,
  startSupervisor,
  type Supervisor,
  supervisorLogic,
} from '../../../src/index.ts'
import {
  crash,
  finish,
  leave,
  leaveFor,
  type Pull,
  refOf,
  settle,
  stage,
  type Stage,
} from '../../support/puppet.ts'

const ask: Pull = { type: 'ask' }

function endings(reports: readonly Report[]): unknown[] {
  return reports.flatMap((report) =>
    report.type === 'shutdown_error' ? [[report.child.id, report.reason.kind]] : [],
  )
}

async function started(
  { options }: Stage,
  children: readonly ChildInput[],
  more: { readonly maxRestarts?: number } = {},
): Promise<Supervisor> {
  return startSupervisor({ strategy: 'one_for_one', ...more, children }, options)
}

test('16 sup_stop_infinity: a child of either type may take for ever to end', async () => {
  const on = stage()
  const { puppet, clock, log, reports } = on
  const supervisor = await started(on, [
    puppet('worker', { shutdown: 'infinity', stopEvent: ask }),
    puppet('supervisor', { shutdown: 'infinity', stopEvent: ask, type: 'supervisor' }),
  ])
  const [worker, other] = ['worker', 'supervisor'].map((id) => refOf(supervisor, id))
  const stopped = supervisor.stop()
  await settle()
  clock.advance(1e9)
  await settle()
  expect(log).toEqual(['+worker', '+supervisor', '?supervisor'])
  other?.send(finish)
  await settle()
  worker?.send(leave)
  expect(await stopped).toEqual({ kind: 'shutdown', reason: undefined })
  expect(endings(reports)).toEqual([])
})

test('17 sup_stop_timeout: a child that does not end in time is killed, and its siblings still end in order', async () => {
  const on = stage()
  const { puppet, clock, log, reports, whenAsked } = on
  whenAsked.set('a', leave)
  const supervisor = await started(on, [
    puppet('a', { stopEvent: ask }),
    puppet('b', { stopEvent: ask, shutdown: 200 }),
    puppet('c'),
  ])
  const stopped = supervisor.stop()
  await settle()
  clock.advance(199)
  await settle()
  expect(log.slice(3)).toEqual(['-c', '?b'])
  clock.advance(1)
  await stopped
  expect(log.slice(3)).toEqual(['-c', '?b', '-b', '?a'])
  expect(endings(reports)).toEqual([['b', 'killed']])
  expect(clock.armed).toBe(0)
})

test('19 sup_stop_brutal_kill: such a child is not asked, and has no time', async () => {
  const on = stage()
  const { puppet, log, reports } = on
  const supervisor = await started(on, [puppet('a', { stopEvent: ask, shutdown: 'brutal_kill' })])
  await supervisor.stop()
  expect(log).toEqual(['+a', '-a'])
  expect(endings(reports)).toEqual([])
})

test('21 sup_stop_race: whoever ends meanwhile is not started again, and keeps its own reason', async () => {
  for (const restart of ['permanent', 'transient', 'temporary'] satisfies RestartType[]) {
    for (const event of [finish, leave, leaveFor, crash]) {
      for (const shutdown of [undefined, 100, 'brutal_kill'] as const) {
        const on = stage()
        const { puppet, log, reports } = on
        const asked = shutdown === undefined ? {} : { stopEvent: ask, shutdown }
        const supervisor = await started(on, [
          puppet('a', { restart, ...asked }),
          puppet('slow', { stopEvent: ask, shutdown: 'infinity' }),
        ])
        const [early, slow] = ['a', 'slow'].map((id) => refOf(supervisor, id))
        const stopped = supervisor.stop()
        await settle()
        early?.send(event)
        await settle()
        slow?.send(finish)
        await stopped
        expect(log).toEqual(['+a', '+slow', '?slow'])
        // OTP expects a permanent child to end by a plain shutdown, or by the kill, and by nothing else.
        const surprise = new Map<Pull, string>([[crash, 'error']])
        if (restart === 'permanent') surprise.set(finish, 'normal').set(leaveFor, 'shutdown')
        if (restart === 'permanent' && shutdown === 'brutal_kill') surprise.set(leave, 'shutdown')
        const kind = surprise.get(event)
        expect(endings(reports)).toEqual(kind === undefined ? [] : [['a', kind]])
        expect(reports.filter(({ type }) => type === 'child_terminated')).toEqual([])
      }
    }
  }
})

test('54 child_unlink: a child cannot hang its termination, whatever it does when it is stopped', async () => {
  const on = stage()
  const deaf: ActorLogic<Snapshot<unknown>, { type: string }> = {
    getInitialSnapshot: () => ({ status: 'active', output: undefined, error: undefined }),
    transition: (snapshot) => snapshot,
    getPersistedSnapshot: (snapshot) => snapshot,
  }
  const throwing: typeof deaf = {
    ...deaf,
    transition: (snapshot, { type }) => {
      if (type === 'xstate.stop') throw new Error('cannot clean up')
      return snapshot
    },
  }
  const supervisor = await started(on, [
    { id: 'deaf', start: deaf },
    { id: 'throwing', start: throwing },
  ])
  await supervisor.terminateChild('deaf')
  await supervisor.terminateChild('throwing')
  expect(endings(on.reports)).toEqual([['throwing', 'error']])
})

test('71 order_of_children: they start as listed and stop in exact reverse', async () => {
  const on = stage()
  const ids = ['a', 'b', 'c', 'd', 'e']
  const supervisor = await started(
    on,
    ids.map((id) => on.puppet(id)),
  )
  await supervisor.stop()
  expect(on.log).toEqual([...ids.map((id) => `+${id}`), ...ids.toReversed().map((id) => `-${id}`)])
})

test('107 stop: it is synchronous: when it has settled, everything below has ended', async () => {
  const on = stage()
  const { puppet, log, clock } = on
  const inner = supervisorLogic({
    strategy: 'one_for_one',
    children: [puppet('x', { stopEvent: ask, shutdown: 50 }), puppet('y')],
  })
  const supervisor = await started(on, [puppet('a'), { id: 'inner', start: inner }, puppet('b')])
  const stopped = supervisor.stop()
  await settle()
  clock.advance(50)
  await stopped
  expect(log.slice(4)).toEqual(['-b', '-y', '?x', '-x', '-a'])
  expect(await supervisor.stop()).toEqual({ kind: 'shutdown', reason: undefined })
})

test('the end of a supervisor by force takes everything below with it, in that very call', async () => {
  const on = stage()
  const { puppet, log, clock } = on
  const inner = supervisorLogic({
    strategy: 'one_for_one',
    children: [puppet('x', { stopEvent: ask }), puppet('y')],
  })
  const supervisor = await started(on, [
    puppet('a', { stopEvent: ask, shutdown: 'infinity' }),
    { id: 'inner', start: inner, shutdown: 'brutal_kill' },
    puppet('b'),
  ])
  const pending = supervisor.startChild(puppet('c', { ready: () => false, startTimeout: 9 }))
  const refusal = pending.catch((error: unknown) => error)
  await settle()
  expect(supervisor.ref.getSnapshot()).toMatchObject({ status: 'active' })
  supervisor.ref.stop()
  expect(log.slice(5)).toEqual(['-c', '-b', '-y', '-x', '-a'])
  expect(clock.armed).toBe(0)
  expect(await refusal).toMatchObject({ code: 'supervisor_ended' })
  expect(await supervisor.exited()).toEqual({ kind: 'shutdown', reason: undefined })
})

test('a supervisor that is ended by force while it starts starts nothing more, and leaves nothing', async () => {
  const { puppet, log } = stage()
  const b = puppet('b')
  const logic = supervisorLogic({
    strategy: 'one_for_one',
    children: [
      puppet('a'),
      {
        ...b,
        start: (role) => {
          actor.stop()
          return typeof b.start === 'function' ? b.start(role) : b.start
        },
      },
      puppet('c'),
    ],
  })
  const actor = createActor(logic).start()
  await settle()
  expect(log).toEqual(['+a', '-a', '+b', '-b'])
})

test('a limit of time ends with what it limits', async () => {
  const on = stage()
  const { clock, puppet } = on
  const supervisor = await started(on, [puppet('a', { stopEvent: ask, shutdown: 100 })])
  const a = refOf(supervisor, 'a')
  const terminated = supervisor.terminateChild('a')
  await settle()
  expect(clock.armed).toBe(1)
  a.send(finish)
  await terminated
  expect(clock.armed).toBe(0)

  const gate = Promise.withResolvers<void>()
  const slow = fromPromise(() => gate.promise)
  const ready = ({ status }: { readonly status: string }): boolean => status === 'done'
  const start = supervisor.startChild({
    id: 'slow',
    start: slow,
    ready,
    startTimeout: 100,
    restart: 'temporary',
  })
  await settle()
  expect(clock.armed).toBe(1)
  gate.resolve()
  await start
  expect(clock.armed).toBe(0)
})

test('a child that ends as it was asked to was shut down, and a permanent one makes no report', async () => {
  const on = stage()
  on.whenAsked.set('a', finish)
  const supervisor = await started(on, [on.puppet('a', { stopEvent: ask })])
  await supervisor.terminateChild('a')
  expect(on.log).toEqual(['+a', '?a'])
  expect(endings(on.reports)).toEqual([])
})
