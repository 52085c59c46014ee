import { findsThat, missionOf, of, without } from './lies.ts'
import { ID, mission } from './parts.ts'

findsThat([
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
])
