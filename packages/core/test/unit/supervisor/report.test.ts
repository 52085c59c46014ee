import { fromCallback } from 'xstate'
import { describe, expect, test } from 'vitest'
import {
  formatReport,
  type Report,
  startSupervisor,
  supervisorLogic,
  supervisorOf,
} from '../../../src/index.ts'
import { crash, finish, pull, refOf, settle, stage, states } from '../../support/puppet.ts'

test('94 reports: what ends, cannot start, ends wrongly and gives up is told, in order', async () => {
  const { puppet, options, fails, clock, reports } = stage()
  const children = [puppet('a'), puppet('b', { stopEvent: { type: 'ask' }, shutdown: 10 })]
  const supervisor = await startSupervisor({ strategy: 'one_for_one', children }, options)
  fails.set('a', Infinity)
  await pull(supervisor, 'a', crash)
  clock.advance(0)
  await settle()
  clock.advance(10)
  await supervisor.exited()
  expect(reports.map(({ type, ...rest }) => ['child' in rest ? rest.child.id : '', type])).toEqual([
    ['a', 'progress'],
    ['b', 'progress'],
    ['a', 'child_terminated'],
    ['a', 'restarting'],
    ['a', 'start_error'],
    ['a', 'shutdown'],
    ['b', 'shutdown_error'],
  ])
  expect(reports[2]).toMatchObject({ reason: { kind: 'error', error: new Error('boom') } })
  expect(reports[6]).toMatchObject({ reason: { kind: 'killed' }, count: 1 })
})

test('94 reports: a permanent child that ends normally while everything stops is a shutdown error', async () => {
  const { puppet, options, reports } = stage()
  const children = [puppet('a'), puppet('b', { stopEvent: { type: 'ask' }, shutdown: 'infinity' })]
  const supervisor = await startSupervisor({ strategy: 'one_for_one', children }, options)
  const [a, b] = [refOf(supervisor, 'a'), refOf(supervisor, 'b')]
  const stopped = supervisor.stop()
  await settle()
  a.send(finish)
  b.send(finish)
  await stopped
  expect(reports.at(-1)).toMatchObject({
    type: 'shutdown_error',
    child: { id: 'a' },
    reason: { kind: 'normal' },
  })
})

test('95 unknown messages: they are reported, never fatal', async () => {
  const { options, reports } = stage()
  const noisy = fromCallback(({ sendBack }) => sendBack({ type: 'hello' }))
  const supervisor = await startSupervisor(
    { strategy: 'one_for_one', children: [{ id: 'a', start: noisy }] },
    options,
  )
  supervisor.ref.send({ type: 'what is this' })
  supervisor.ref.send({ type: 'supervisor.changed' })
  await settle()
  expect(states(supervisor)).toEqual({ a: 'running' })
  expect(reports.filter(({ type }) => type === 'unexpected_event')).toMatchObject([
    { event: { type: 'hello' } },
    { event: { type: 'what is this' } },
  ])
})

test('reports of a nested supervisor come to the root, with its path', async () => {
  const { puppet, options, reports } = stage()
  const web = supervisorLogic({ strategy: 'one_for_one', children: [puppet('listener')] })
  const supervisor = await startSupervisor(
    { strategy: 'one_for_one', children: [{ id: 'web', start: web }] },
    { ...options, id: 'shop' },
  )
  await pull(supervisorOf(refOf(supervisor, 'web')), 'listener', crash)
  expect(reports.map(({ supervisor: path, type }) => `${path} ${type}`)).toEqual([
    'shop/web progress',
    'shop progress',
    'shop/web child_terminated',
    'shop/web restarting',
    'shop/web progress',
  ])
})

test('a listener that throws does not touch the supervision; its fault is a warning of the process', async () => {
  const { puppet, options } = stage()
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
  const onReport = (): void => {
    throw new Error('the log is full')
  }
  const supervisor = await startSupervisor({ strategy: 'one_for_one' }, { ...options, onReport })
  await supervisor.startChild(puppet('a'))
  expect(await warned).toMatchObject({ message: 'the log is full' })
  await supervisor.stop()
})

describe('formatReport', () => {
  const child = { id: 'db', sessionId: 'x:4', type: 'worker', restart: 'permanent', shutdown: 5000 } as const
  const lines: readonly (readonly [Report, string])[] = [
    [{ type: 'progress', supervisor: 'top', child }, 'top progress db (x:4, permanent worker)'],
    [
      {
        type: 'child_terminated',
        supervisor: 'top',
        child,
        reason: { kind: 'error', error: new TypeError('no') },
      },
      'top child_terminated db (x:4, permanent worker): error TypeError: no',
    ],
    [
      {
        type: 'start_error',
        supervisor: 'top',
        child: { ...child, sessionId: undefined },
        error: { code: 7 },
      },
      'top start_error db (permanent worker): { code: 7 }',
    ],
    [
      { type: 'shutdown_error', supervisor: 'top/sub', child, reason: { kind: 'killed' }, count: 3 },
      'top/sub shutdown_error db (x:4, permanent worker) and 2 more: killed',
    ],
    [
      {
        type: 'shutdown_error',
        supervisor: 'top',
        child,
        reason: { kind: 'shutdown', reason: 'tired' },
        count: 1,
      },
      "top shutdown_error db (x:4, permanent worker): shutdown 'tired'",
    ],
    [
      { type: 'shutdown', supervisor: 'top', child, reason: 'reached_max_restart_intensity' },
      'top shutdown db (x:4, permanent worker): reached_max_restart_intensity',
    ],
    [
      { type: 'unexpected_event', supervisor: 'top', event: { type: 'hi' } },
      "top unexpected_event { type: 'hi' }",
    ],
  ]
  test('73 format_log_1: every field is said, in one line', () => {
    expect(lines.map(([report]) => formatReport(report))).toEqual(lines.map(([, line]) => line))
  })

  test('74 format_log_2: depth and length have limits, and there is never a second line', () => {
    const deep = { a: { b: { c: { d: 'deep' } } } }
    const report: Report = { type: 'start_error', supervisor: 'top', child, error: deep }
    expect(formatReport(report, { depth: 1 })).toContain('{ a: { b: [Object] } }')
    const long: Report = { ...report, error: new Error(`first\nsecond ${'x'.repeat(2000)}`) }
    expect(formatReport(long)).toHaveLength(400)
    expect(formatReport(long, { chars: 60 })).toMatch(/^.{59}…$/)
    expect(formatReport(long)).not.toContain('\n')
  })
})
