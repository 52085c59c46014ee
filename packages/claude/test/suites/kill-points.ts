/** The points of a turn at which agents and supervisors are killed. */

/** Words, a tool, more words that take their time, and an end. */
export const TURN = [
  '::text first words',
  '::tool Bash {"command":"echo in the tool"}',
  '::next',
  '::text more words',
  '::slow 20',
  `::text ${'word '.repeat(20)}`,
  '::text the end',
].join('\n')

/** When the journal has that event, or the agent has written that. */
export type KillPoint = { readonly event: string } | { readonly written: string }

export const KILL_POINTS: readonly (readonly [title: string, point: KillPoint])[] = [
  ['before the agent listens', { event: 'run.started' }],
  ['the agent listens', { event: 'session.ready' }],
  ['it was handed the message', { event: 'message.handed' }],
  ['it has the message', { event: 'message.taken' }],
  ['it has begun', { written: '"subtype":"init"' }],
  ['its first words', { written: 'first words' }],
  ['its tool is called', { written: '"tool_use"' }],
  ['its tool has ended', { written: 'in the tool"' }],
  ['it goes on after the tool', { written: 'more words' }],
  ['it has answered', { event: 'message.answered' }],
]
