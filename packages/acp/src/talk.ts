import {
  type Conversation,
  type Fact,
  isMessageId,
  type MissionSpec,
  promptOf,
  type Talk,
} from '@overmind/core'
import type { CancelNotification, PromptRequest } from '@agentclientprotocol/sdk'
import { askId, askOf, verdictLine, withdrawalLine } from './asks.ts'
import { type Frame, notification, readFrame, refusal, request } from './frame.ts'
import { greeting, hearOpening, isSessionWish, sessionRequest } from './opening.ts'
import { readCancelled } from './protocol.ts'
import { show } from './show.ts'
import { answerOf, hearTurn } from './turn.ts'

/** How an agent is talked to over the Agent Client Protocol: JSON-RPC, a message a line, both ways. */
export function talkWith(spec: MissionSpec): Talk {
  return {
    prompt: promptOf(spec),
    turns: true,
    // Agents do not know messages by their ids, so that one that was told twice would be answered twice.
    remembers: false,
    interruptAnswers: true,
    hasTerminal: false,
    answers: 'turn',
    greet: greeting,
    message: ({ id, text }, conversation) =>
      request(id, 'session/prompt', {
        sessionId: sessionOf(conversation),
        prompt: [{ type: 'text', text }],
      } satisfies PromptRequest),
    reply: (wish, conversation) =>
      isSessionWish(wish) ? sessionRequest(spec, { wish, conversation }) : wish,
    verdict: verdictLine,
    interrupt: (_, conversation) => cancelLines(conversation),
    farewell: () => null,
    goOn: () => null,
    nudge: () => null,
    hear,
    show,
    answer: answerOf,
  }
}

/** A session has its name by the time it listens. */
function sessionOf({ id }: Conversation): string {
  return id ?? ''
}

/** The agent lets go once its questions are answered too. */
function cancelLines(conversation: Conversation): string {
  const { asks } = conversation
  return [
    notification('session/cancel', { sessionId: sessionOf(conversation) } satisfies CancelNotification),
    ...asks.filter(({ verdict }) => verdict?.decision === 'withdrawn').map(withdrawalLine),
  ].join('\n')
}

/** What a line of the agent says. Lines of kinds that are not known say nothing. */
function hear(line: string): readonly Fact[] {
  const frame = readFrame(line)
  switch (frame?.kind) {
    case 'result':
    case 'failure':
      return hearOpening(frame) ?? (isMessage(frame.id) ? hearTurn(frame, frame.id) : [])
    case 'request':
      return asked(frame)
    case 'notification':
      return withdrawn(frame)
    case undefined:
      return []
  }
}

function isMessage(id: string | number): id is string {
  return typeof id === 'string' && isMessageId(id)
}

/** A request that nobody answers would hold the agent up for ever. */
function asked(frame: Extract<Frame, { kind: 'request' }>): readonly Fact[] {
  const ask = frame.method === 'session/request_permission' ? askOf(frame) : undefined
  return [ask ?? { type: 'awaits', wish: refusal(frame.id, frame.method) }]
}

function withdrawn({ method, params }: Extract<Frame, { kind: 'notification' }>): readonly Fact[] {
  const cancelled = method === '$/cancel_request' ? readCancelled(params) : undefined
  return cancelled === undefined ? [] : [{ type: 'withdrawn', ask: askId(cancelled) }]
}
