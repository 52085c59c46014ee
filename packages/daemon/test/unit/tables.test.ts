import type { MissionView } from '../../src/index.ts'
import { describe, expect, test, vi } from 'vitest'
import { missionTable, uptime } from '../../src/text/mission-table.ts'
import { table } from '../../src/text/table.ts'
import { plain } from '../../src/text/paint.ts'
import { count, showBytes, showDuration } from '../../src/text/units.ts'

const now = Date.parse('2026-11-22T21:00:00.000Z')

const mission: MissionView = {
  id: '0123abcd',
  name: 'brave-otter',
  command: 'sleep 100',
  status: 'running',
  phase: 'running.up',
  ending: null,
  os_pid: 1,
  type: 'task',
  provider: 'raw',
  cwd: '/',
  model: null,
  restart_policy: 'never',
  restart_count: 2,
  run: 3,
  last_activity: null,
  created_at: '2026-11-22T20:00:00.000Z',
  started_at: '2026-11-22T20:55:00.000Z',
  exited_at: null,
  parent: null,
  children: [],
  team: null,
  labels: {},
  priority: 0,
  colony: 'default',
  custody: 'marks',
  memory_bytes: null,
  cpus: null,
  pids: null,
  terminal: null,
  has_terminal: false,
  session_id: null,
  turn: null,
  messages: 0,
  asks: 0,
  cost_usd: null,
  tokens: null,
  turns: null,
  exit_code: null,
  exit_signal: null,
  exit_class: null,
  exit_reason: null,
}

describe('the table of ps', () => {
  test('has its columns in their order', () => {
    expect(missionTable([mission], { now, paint: plain })).toEqual([
      'ID        NAME         TYPE  STATUS   RESTARTS  PARENT  CHILDREN  UPTIME  COMMAND',
      '0123abcd  brave-otter  task  running  2         -       0         5m      sleep 100',
    ])
  })

  test('shows a team under the parent that all of its members have, and as a root when they have none', () => {
    const team = { name: 'p.crew', strategy: 'one_for_all', member: 'a' } as const
    const names = (...missions: readonly MissionView[]): readonly string[] =>
      missionTable(missions, { now, paint: plain, tree: true })
        .slice(1)
        .map((line) => line.slice(10).replace(/(\w) .*/, '$1'))
    const pipeline = { ...mission, id: '00000001', name: 'p' }
    const member = (name: string, parent: string | null): MissionView => ({
      ...mission,
      id: `0000000${name}`,
      name,
      parent,
      team,
    })
    expect(names(pipeline, member('a', pipeline.id), member('b', pipeline.id))).toEqual([
      'p',
      '└─ p.crew',
      '   ├─ a',
      '   └─ b',
    ])
    expect(names(member('a', null))).toEqual(['p.crew', '└─ a'])
  })

  test('has a heading without missions', () => {
    expect(missionTable([], { now, paint: plain })).toEqual([
      'ID  NAME  TYPE  STATUS  RESTARTS  PARENT  CHILDREN  UPTIME  COMMAND',
    ])
  })

  test('cuts commands to the width of a terminal, and nothing elsewhere', () => {
    const long = { ...mission, command: 'x'.repeat(500) }
    expect(missionTable([long], { now, paint: plain })[1]).toHaveLength(574)
    expect(missionTable([long], { now, paint: plain, columns: 100 })[1]).toHaveLength(100)
    expect(missionTable([long], { now, paint: plain, columns: 20 })[1]).toMatch(/  …$/)
  })

  test('does not measure a command, which may be a whole prompt', () => {
    const looks = vi.spyOn(RegExp.prototype, 'test')
    const [heading, row] = table(['ID', 'COMMAND'], [['a', 'ü'.repeat(60_000)]], { columns: 20 })
    const { length } = looks.mock.calls
    looks.mockRestore()
    expect([heading, row]).toEqual(['ID  COMMAND', `a   ${'ü'.repeat(15)}…`])
    expect(length).toBeLessThan(1000)
  })

  test('shows a command that would draw its own rows as what it is', () => {
    const [, row] = missionTable([{ ...mission, command: 'echo\n\x1b[2Jevil' }], { now, paint: plain })
    expect(row).toMatch(/echo\\n\^\[\[2Jevil$/)
  })

  test('colours the status alone, without moving what stands behind it', () => {
    const rows = missionTable([mission], { now, paint: (colour, text) => `<${colour}>${text}</>` })
    expect(rows[1]).toContain('task  <green>running</>  2')
  })

  test('keeps columns straight beside wide characters', () => {
    expect(
      table(
        ['A', 'B'],
        [
          ['漢字', 'x'],
          ['abc', 'y'],
        ],
      ),
    ).toEqual(['A     B', '漢字  x', 'abc   y'])
  })
})

test('uptime is that of the current run, when there is one', () => {
  expect(uptime(mission, now)).toBe('5m')
  for (const status of ['pending', 'restarting', 'stopped', 'crashed', 'killed'] as const) {
    expect(uptime({ ...mission, status }, now)).toBe('-')
  }
  expect(uptime({ ...mission, started_at: null }, now)).toBe('-')
})

test.each([
  [-5, '0s'],
  [3_999, '3s'],
  [59_999, '59s'],
  [60_000, '1m'],
  [3_599_999, '59m'],
  [7_200_000, '2h'],
  [7_800_000, '2h 10m'],
  [86_399_999, '23h 59m'],
  [3 * 86_400_000, '3d'],
])('%i ms is %s', (milliseconds, shown) => {
  expect(showDuration(milliseconds)).toBe(shown)
})

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [48_200_000, '48.2 MB'],
  [1.5e15, '1.5 PB'],
])('%i bytes are %s', (bytes, shown) => {
  expect(showBytes(bytes)).toBe(shown)
})

test('a count has its plural', () => {
  expect([count(0, 'mission'), count(1, 'mission'), count(2, 'process')]).toEqual([
    '0 missions',
    '1 mission',
    '2 processes',
  ])
})
