import { expect, test } from 'vitest'
import { judge } from '../oracle/judge.ts'
import { nothingIsLeft } from '../oracle/laws/remains.ts'
import { aRightWorld } from './a-world.ts'
import { entryOf, findsThat, missionOf, of, without } from './lies.ts'
import { ID, mission, seen } from './parts.ts'

findsThat([
  [
    'a process lives whose mission has ended',
    ({ processes }) => processes.push(seen(ID.counter)),
    ['process 1001 (sh) lives, and its mission 00000001 (counter) is crashed'],
  ],
  [
    'a process lives whose mission nobody knows',
    ({ processes }) => processes.push(seen('000000ff')),
    ['process 1255 (sh) is of mission 000000ff, which is not known'],
  ],
  [
    'a mission is said to run under a process that is gone',
    ({ processes }) => without(processes, (each) => each.mission === ID.hearer),
    ['mission 00000002 (hearer) is running under 1002, which is gone'],
  ],
  [
    'a mission that was accepted is missing',
    ({ missions }) => without(missions, ({ id }) => id === ID.counter),
    ['mission 00000001 (counter) was accepted and is not there'],
  ],
  [
    'a mission is there that was asked for once, and is there twice',
    ({ missions }) => missions.push(mission('hearer', '000000ff', { os_pid: null })),
    ['hearer was asked for once and is there more than once'],
  ],
  [
    'a mission is there that nobody asked for',
    ({ missions }) => missions.push(mission('stranger', '000000ff', { os_pid: null })),
    ['nobody asked for mission 000000ff (stranger)'],
  ],
  [
    'a pipeline that was accepted is missing',
    ({ missions }) => without(missions, ({ id }) => id === ID.pipeline),
    ['pipeline line was accepted and is not there'],
  ],
  [
    'a run was begun twice',
    ({ notes }) => of(notes, `${ID.counter}.1.begun`).push('200'),
    ['run 1 of 00000001 (counter) was begun 2 times'],
  ],
  [
    'an exit code is wrong',
    (world) => (missionOf(world, ID.counter).exit_code = 0),
    ['run 2 of 00000001 (counter) exited with 3, and 0 is on record: null'],
  ],
  [
    'a program was ended by nobody',
    ({ notes }) => notes.delete(`${ID.counter}.2.exit`),
    ['run 2 of 00000001 (counter) was ended before it was done, by nobody: crashed, null'],
  ],
  [
    'a quest was not tried as often as it may be',
    (world) => Object.assign(entryOf(world, ID.counter), { runs: 3 }),
    ['mission 00000001 (counter) came to 2 runs, and 3 were due: null'],
  ],
  [
    'a line is lost',
    ({ outputs }) => of(outputs, `${ID.counter}.1`).pop(),
    [
      'run 1 of 00000001 (counter) wrote 3 lines, and 2 are kept',
      'run 1 of 00000001 (counter) ended after 3 lines, and 2 are kept',
    ],
  ],
  [
    'a line is doubled',
    ({ outputs }) => of(outputs, `${ID.counter}.1`).splice(1, 1, 'line 1'),
    ['run 1 of 00000001 (counter) has "line 1" as its line 2'],
  ],
  [
    'who follows a log misses a line',
    (world) => entryOf(world, ID.counter).follows.push(['line 2', 'line 3']),
    ['who follows the log of 00000001 (counter) saw "line 2" as line 1, where it has "line 1"'],
  ],
  [
    'a child outlives the parent that it is bound to',
    (world) => (missionOf(world, ID.hearer).exited_at = '2026-11-23T12:00:05.000Z'),
    [
      'process 1002 (sh) lives, and its mission 00000002 (hearer) is running',
      'mission 00000005 (child) is running, and its parent 00000002 has exited',
    ],
  ],
  [
    'somebody waits though there is room',
    ({ queue }) => {
      queue.limits.push({ scope: 'colony blue', most: 2, taken: 1 })
      queue.limits.splice(0, 1)
      queue.waiting.push({
        mission: ID.child,
        name: 'child',
        colony: 'blue',
        provider: 'raw',
        priority: 0,
        since: '',
        full: [],
      })
    },
    ['mission 00000005 (child) waits for a slot, and there is room'],
  ],
])

test('a world in which everything is right is found to be right', () => {
  expect(judge(aRightWorld())).toEqual([])
})

test('what was disturbed may end as it likes', () => {
  const world = aRightWorld()
  const { notes } = world
  notes.delete(`${ID.counter}.2.exit`)
  entryOf(world, ID.counter).disturbed = true
  expect(judge(world)).toEqual([])
})

test('it finds what is left when everything has been ended', () => {
  const rest = { processes: [], pipes: [], open: ['/home/journal.db', 'socket:[1]'] }
  expect(nothingIsLeft(rest)).toEqual([])
  expect(nothingIsLeft({ ...rest, processes: [seen(ID.hearer)] })).toEqual(['process 1002 (sh) is left'])
  expect(nothingIsLeft({ ...rest, pipes: ['input/00000002.1'] })).toEqual([
    'input/00000002.1 is left in the home',
  ])
  expect(nothingIsLeft({ ...rest, open: ['/home/output/a.log', '/tmp/x (deleted)'] })).toEqual([
    'the daemon still has /home/output/a.log open',
    'the daemon still has /tmp/x (deleted) open',
  ])
})
