import { expect, test } from 'vitest'
import { judge } from '../oracle/judge.ts'
import { nothingIsLeft } from '../oracle/laws/remains.ts'
import { aRightWorld, event, ID, type LiedAbout, mission, seen } from './a-world.ts'

test('a world in which everything is right is found to be right', () => {
  expect(judge(aRightWorld())).toEqual([])
})

/** What there is under a key that the world has. */
function of<T>(map: ReadonlyMap<string, T>, key: string): T {
  const found = map.get(key)
  if (found === undefined) throw new Error(`the world has no ${key}`)
  return found
}

function entryOf(world: LiedAbout, id: string): LiedAbout['ledger']['entries'][number] {
  const found = world.ledger.entries.find((entry) => entry.id === id)
  if (found === undefined) throw new Error(`nobody asked for ${id}`)
  return found
}

function missionOf(world: LiedAbout, id: string): LiedAbout['missions'][number] {
  const found = world.missions.find((each) => each.id === id)
  if (found === undefined) throw new Error(`there is no mission ${id}`)
  return found
}

function without<T>(list: T[], test: (each: T) => boolean): void {
  const at = list.findIndex(test)
  if (at === -1) throw new Error('there is nothing to take away')
  list.splice(at, 1)
}

/** Each lie with what is to be found, and nothing else. */
const LIES: readonly (readonly [
  name: string,
  tell: (world: LiedAbout) => void,
  findings: readonly string[],
])[] = [
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
    'a session is not told that a child has exited',
    ({ notes }) => of(notes, `${ID.hearer}.heard`).splice(1, 1),
    ['session 00000002 (hearer) was told 0 times that 00000001 has exited'],
  ],
  [
    'a session is told twice that a child has exited',
    ({ notes }) => {
      const heard = of(notes, `${ID.hearer}.heard`)
      heard.push(heard[1] ?? '')
    },
    ['session 00000002 (hearer) was told 2 times that 00000001 has exited'],
  ],
  [
    'a message is not delivered',
    ({ notes }) => of(notes, `${ID.hearer}.heard`).pop(),
    ['session 00000002 (hearer) runs and has not heard two'],
  ],
  [
    'a message is delivered twice',
    ({ notes }) => of(notes, `${ID.hearer}.heard`).push('two'),
    ['session 00000002 (hearer) heard two more than once, and its agent died 0 times'],
  ],
  [
    'a message is delivered that nobody sent',
    ({ notes }) => of(notes, `${ID.hearer}.heard`).push('three'),
    ['session 00000002 (hearer) heard what nobody said'],
  ],
  [
    'messages are delivered in another order',
    ({ notes }) => of(notes, `${ID.hearer}.heard`).unshift(of(notes, `${ID.hearer}.heard`).pop() ?? ''),
    ['session 00000002 (hearer) heard messages in another order'],
  ],
  [
    'a message to an agent is not delivered',
    ({ conversations }) => of(conversations, 'a-conversation').pop(),
    ['session 00000003 (agent) runs and has not heard two'],
  ],
  [
    'a message to an agent that was killed is delivered twice',
    (world) => {
      entryOf(world, ID.agent).deaths = 1
      of(world.conversations, 'a-conversation').push('two')
    },
    ['session 00000003 (agent) heard two more than once, and its agent died 1 times'],
  ],
  [
    'typed text is lost',
    ({ notes, outputs, recordings }) => {
      for (const lines of [
        of(notes, `${ID.terminal}.1.typed`),
        of(outputs, `${ID.terminal}.1`),
        of(recordings, `${ID.terminal}.1`),
      ])
        lines.shift()
    },
    ['the terminal of 00000004 (terminal) shows a, which its program never read'],
  ],
  [
    'typed text is read twice',
    ({ notes, outputs, recordings }) => {
      of(notes, `${ID.terminal}.1.typed`).push('c')
      for (const lines of [of(outputs, `${ID.terminal}.1`), of(recordings, `${ID.terminal}.1`)])
        lines.push('heard c')
    },
    ['the terminal of 00000004 (terminal) read c more than once'],
  ],
  [
    'text is read that nobody typed',
    ({ notes, outputs, recordings }) => {
      of(notes, `${ID.terminal}.1.typed`).push('d')
      for (const lines of [of(outputs, `${ID.terminal}.1`), of(recordings, `${ID.terminal}.1`)])
        lines.push('heard d')
    },
    ['the terminal of 00000004 (terminal) read d, which nobody typed'],
  ],
  [
    'typed text is read in another order',
    (world) => {
      const [a, b, c] = entryOf(world, ID.terminal).typed
      if (a !== undefined && b !== undefined && c !== undefined)
        entryOf(world, ID.terminal).typed.splice(0, 3, b, a, c)
    },
    ['the terminal of 00000004 (terminal) read what ada typed in another order'],
  ],
  [
    'typed text is never shown',
    (world) => entryOf(world, ID.terminal).typed.push({ text: 'd', typist: 'ada', fate: 'not-shown' }),
    ['the terminal of 00000004 (terminal) never showed d, which was typed'],
  ],
  [
    'the log of a terminal lacks a line',
    ({ outputs }) => of(outputs, `${ID.terminal}.1`).splice(1, 1),
    ['run 1 of 00000004 (terminal) heard 3 lines, and its log has "c" as number 2'],
  ],
  [
    'the recording of a terminal lacks its end',
    ({ recordings }) => of(recordings, `${ID.terminal}.1`).pop(),
    ['run 1 of 00000004 (terminal) heard 3 lines, and its recording has only 2'],
  ],
  [
    'the log of a terminal that was ended by force has a line twice',
    (world) => {
      entryOf(world, ID.terminal).disturbed = true
      of(world.outputs, `${ID.terminal}.1`).splice(1, 0, 'heard a')
    },
    ['run 1 of 00000004 (terminal) heard 3 lines, and its log has "a" as number 2'],
  ],
  [
    'who watches a terminal misses a line',
    (world) => entryOf(world, ID.terminal).glimpses.push({ run: 1, lines: ['heard a', 'heard c'] }),
    ['run 1 of 00000004 (terminal) was seen to hear a, c, which is no piece of what it heard'],
  ],
  [
    'an agent of a pipeline ran twice',
    (world) => (missionOf(world, ID.first).run = 2),
    ['agent first of line ran 2 times'],
  ],
  [
    'an agent of a pipeline is there twice',
    ({ missions }) => missions.push(mission('line.first', '000000ff', { os_pid: null })),
    ['agent first of line is there 2 times'],
  ],
  [
    'an agent of a pipeline began too early',
    ({ notes }) => {
      const exit = of(notes, `${ID.first}.1.exit`)
      notes.delete(`${ID.first}.1.exit`)
      notes.set(`${ID.first}.1.exit`, exit)
    },
    ['agent second of line began before first had ended'],
  ],
  [
    'a pipeline of agents that end well has failed',
    (world) => (missionOf(world, ID.pipeline).exit_code = 1),
    ['pipeline line failed: null'],
  ],
  [
    'a copy is missing',
    ({ ledger: { fleets } }) => fleets.forEach((fleet) => (fleet.copies = 2)),
    ['fleet.copy-2 is there 0 times'],
  ],
  [
    'a copy is there that is no longer declared',
    ({ missions }) =>
      missions.push(
        mission('fleet.copy-2', '000000ff', { os_pid: null, labels: { 'overmind/pipeline': 'fleet' } }),
      ),
    ['fleet.copy-2 is there, and 1 copies were declared'],
  ],
  [
    'a copy was not replaced',
    ({ notes }) => notes.set(`${ID.copy}.1.serves`, ['1']),
    ['fleet.copy-1 serves 1, and 2 was declared'],
  ],
  [
    'a fleet that was taken down is still known',
    ({ ledger: { fleets } }) => fleets.forEach((fleet) => (fleet.gone = true)),
    ['fleet was taken down, and fleet.copy-1 is still known'],
  ],
  [
    'a ritual ticked twice',
    (world) => (missionOf(world, ID.tock).labels = missionOf(world, ID.tick).labels),
    ['ritual ritual met 2026-11-23T12:00:02.000Z more than once'],
  ],
  [
    'what a ritual started began twice',
    ({ notes }) => of(notes, 'ritual.times').push('begun ritual.20261123-120004'),
    ['ritual.20261123-120004 was begun more than once'],
  ],
  [
    'a ritual missed a time',
    ({ notes, missions }) => {
      of(notes, 'ritual.times').splice(0, 2)
      without(missions, ({ id }) => id === ID.tick)
    },
    ['ritual.20261123-120002 was never begun'],
  ],
  [
    'a ritual that is to wait for the one before did not',
    ({ notes, ledger: { rituals } }) => {
      rituals.forEach((ritual) => Object.assign(ritual, { overlap: 'wait' }))
      of(notes, 'ritual.times').splice(1, 1)
    },
    ['ritual.20261123-120004 was begun beside another'],
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
  [
    'an event has the number of another',
    ({ journal, followed }) => {
      journal.push(event(9, 'run.output', { run: 2 }))
      followed.told.add(9)
    },
    ['event 9 comes behind 9'],
  ],
  [
    'a run is left out',
    ({ journal }) => without(journal, ({ seq }) => seq === 1),
    ['mission 00000001 starts run 2 behind run 0'],
  ],
  [
    'a run exits twice',
    ({ journal, followed }) => {
      journal.push(event(10, 'run.exited', { run: 2 }))
      followed.told.add(10)
    },
    ['run 2 of 00000001 (counter) exited 2 times', 'run 00000001.2 has a second run.exited'],
  ],
  [
    'a message is answered twice',
    ({ journal, followed }) => {
      journal.push(event(10, 'message.answered', { mission: ID.hearer, message: 'm1' }))
      followed.told.add(10)
    },
    ['message m1 has a second message.answered'],
  ],
  [
    'a message that was answered is told again',
    ({ journal, followed }) => {
      journal.push(event(10, 'message.handed', { mission: ID.hearer, message: 'm1' }))
      followed.told.add(10)
    },
    ['message m1 was answered, and then handed on again'],
  ],
  [
    'a follower missed an event',
    ({ followed }) => followed.told.delete(4),
    ['who follows was not told of 4 (run.exited)'],
  ],
  [
    'a follower was told of an event twice',
    ({ followed }) => followed.twice.push(4),
    ['who follows was told of 4 twice'],
  ],
  [
    'a daemon had an error of its own',
    ({ faults }) => faults.push('a request failed: this should not be'),
    ['a daemon noted: a request failed: this should not be'],
  ],
  ['a hook was not told', ({ notes }) => notes.delete('told'), ['the hook was not told of 6']],
]

test.each(LIES)('it finds that %s', (_, tell, findings) => {
  const world = aRightWorld()
  tell(world)
  expect(judge(world)).toEqual(findings)
})

test('what was disturbed may end as it likes', () => {
  const world = aRightWorld()
  const { notes } = world
  notes.delete(`${ID.counter}.2.exit`)
  entryOf(world, ID.counter).disturbed = true
  expect(judge(world)).toEqual([])
})

test('what a program heard again after its death is not held against anybody', () => {
  const world = aRightWorld()
  entryOf(world, ID.hearer).deaths = 1
  of(world.notes, `${ID.hearer}.heard`).push('two')
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
