import { findsThat, without } from './lies.ts'
import { event, ID } from './parts.ts'

findsThat([
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
])
