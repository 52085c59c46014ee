/** What an agent is told, in the words of its provider. */
import type { Conversation } from '../model/conversation.ts'
import type { MissionEvent } from '../model/events.ts'
import type { MessageId } from '../model/ids.ts'
import type { Talk } from '../provider/talk.ts'
import { hexOf, replyKey, type Tell } from './conversation.ts'

export interface Line {
  /** A line is written at most once a run for each key. */
  readonly key: string
  readonly text: string
}

export interface Tells {
  /** Keeps the texts of messages as long as they may have to be told. */
  note(event: MissionEvent): void
  /** Null when the agent has no words for it, or need not be told any more. */
  lineFor(about: Tell, conversation: Conversation): Line | null
}

/** `textOf` finds the text of a message that was queued under an earlier supervisor. */
export function createTells(talk: Talk, textOf: (message: MessageId) => string): Tells {
  const { greet, message, reply, verdict, interrupt, farewell, goOn, nudge } = talk
  const texts = new Map<MessageId, string>()

  function messageLine(id: MessageId, conversation: Conversation): Line | null {
    const as = conversation.messages.find((pending) => pending.id === id)?.goOn ?? null
    const text = as === null ? null : goOn()
    if (as !== null && text !== null) return lineOf(as, message({ id: as, text }, conversation))
    return lineOf(id, message({ id, text: texts.get(id) ?? textOf(id) }, conversation))
  }

  return {
    note(event) {
      if (event.type === 'message.queued') texts.set(event.message, event.text)
      if (event.type === 'message.answered') texts.delete(event.message)
    },
    lineFor(about, conversation) {
      switch (about.kind) {
        case 'greeting':
          return lineOf('greeting', greet(conversation))
        case 'message':
          return messageLine(about.message, conversation)
        case 'reply':
          return lineOf(replyKey(about.wish), reply(about.wish, conversation))
        case 'verdict': {
          const ask = conversation.asks.find(({ id: open }) => open === about.ask)
          if (ask === undefined || ask.verdict === null || ask.verdict.decision === 'withdrawn') return null
          // The agent's own names may be of any letters.
          return lineOf(`verdict-${hexOf(ask.id)}`, verdict(ask, ask.verdict))
        }
        case 'interrupt':
          return lineOf(`interrupt-${about.request}`, interrupt(about.request, conversation))
        case 'farewell':
          return lineOf('farewell', farewell())
        case 'nudge': {
          const text = nudge()
          const line = text === null ? null : message({ id: about.request, text }, conversation)
          return lineOf(`nudge-${about.request}`, line)
        }
      }
    },
  }
}

function lineOf(key: string, text: string | null): Line | null {
  return text === null ? null : { key, text }
}
