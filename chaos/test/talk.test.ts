import { expect, test } from 'vitest'
import { judge } from '../oracle/judge.ts'
import { aRightWorld } from './a-world.ts'
import { entryOf, findsThat, of } from './lies.ts'
import { ID } from './parts.ts'

findsThat([
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
])

test('what a program heard again after its death is not held against anybody', () => {
  const world = aRightWorld()
  entryOf(world, ID.hearer).deaths = 1
  of(world.notes, `${ID.hearer}.heard`).push('two')
  expect(judge(world)).toEqual([])
})
