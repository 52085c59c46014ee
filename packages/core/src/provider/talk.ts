import type { Ask, Conversation, Spending, Trouble, Verdict } from '../model/conversation.ts'

/**
 * How an agent is talked to over its stdin and stdout, line by line. All of it is pure: what was said is on
 * disk, and the same lines mean the same after any crash.
 */
export interface Talk {
  /** What it is told first, from its mission's command; null when that is for people to say. */
  readonly prompt: string | null
  /** Whether it answers one message before it takes the next; if not, messages are told as they come. */
  readonly turns: boolean
  /** Whether it knows its messages, so that one it has not answered can be told again in another run and is answered once. */
  readonly remembers: boolean
  /** Where its answers stand: each in the line that had the `answered` fact, or in all that it said since it was told the message. */
  readonly answers: 'line' | 'turn'
  /** Whether `interrupt` also answers what it asks, as withdrawn: then people can decide it no more. */
  readonly interruptAnswers: boolean
  /** Whether people can sit down at its own terminal, in the same conversation. */
  readonly hasTerminal: boolean
  /** What it is told first in each run; null for nothing. It has shown that it listens by a `ready` fact. */
  greet(conversation: Conversation): string | null
  /** What a message is to it, without the end of the line; may have several lines. */
  message(message: Message, conversation: Conversation): string
  /** What it is told when it awaits `wish`, as an `awaits` fact named it. */
  reply(wish: string, conversation: Conversation): string
  /** What a verdict is to it. */
  verdict(ask: Ask, verdict: Verdict): string
  /** Asks it to let go of what it is doing, and to wait; null when it cannot be asked. `request` names the request. */
  interrupt(request: string, conversation: Conversation): string | null
  /** Asks it to end; null when only a signal can. */
  farewell(): string | null
  /** What it is told when it was cut off from a message and does not go on with it by itself; null where that cannot be. */
  goOn(): string | null
  /** What it is told when it has been silent for too long; null for nothing. */
  nudge(): string | null
  /** What a line of its stdout says. Never throws: a line of an unknown kind says nothing. */
  hear(line: string): readonly Fact[]
  /** A line of its stdout for people: any number of lines, none for what tells them nothing; or a piece of what it says bit by bit. */
  show(line: string): readonly string[] | Piece
  /**
   * The answer in what stands where `answers` says, or in all that was said until the agent was cut off, when it had
   * nothing to add. Of a very long turn only the end is given, and its first line may be cut.
   */
  answer(text: string): AnswerText
}

/** What a person said. */
export interface Message {
  readonly id: string
  readonly text: string
}

/** Belongs to the piece before it and the piece behind it, with nothing in between. */
export interface Piece {
  readonly piece: string
}

/** An answer for people and scripts. */
export interface AnswerText {
  readonly text: string
  /** How long it took, in milliseconds; null when the agent does not say. */
  readonly durationMs: number | null
  readonly spent: Spending
  /** All that the agent says of it, as the agent says it. */
  readonly details: Readonly<Record<string, unknown>>
}

/** What a provider learns from a line. */
export type Fact =
  /** It listens. */
  | { readonly type: 'ready' }
  /** What the agent calls the conversation from now on, and which model answers in it. */
  | { readonly type: 'named'; readonly conversation: string; readonly model: string | null }
  | { readonly type: 'turn'; readonly turn: 'busy' | 'idle' }
  /** It has this message. */
  | { readonly type: 'taken'; readonly message: string }
  /** It has nothing more to do for this message; that is no answer. */
  | { readonly type: 'settled'; readonly message: string }
  /** It will not answer this message. */
  | { readonly type: 'dropped'; readonly message: string }
  | {
      readonly type: 'answered'
      /** Which messages; null when it does not say: then the oldest that it was told. */
      readonly messages: readonly string[] | null
      readonly ok: boolean
      /** It was asked to let go. */
      readonly interrupted: boolean
      readonly spent: Spending
      /** What the run has cost so far, in US dollars, from an agent that tells only that; null when `spent` says it all. */
      readonly runCostUsd: number | null
    }
  /** It waits for something that needs nobody's decision; `wish` says for what, in the provider's words. It is told once. */
  | { readonly type: 'awaits'; readonly wish: string }
  | { readonly type: 'asked'; readonly ask: Omit<Ask, 'at' | 'verdict'> }
  /** It no longer wants to know. */
  | { readonly type: 'withdrawn'; readonly ask: string }
  | { readonly type: 'trouble'; readonly trouble: Trouble }
  /** It uses a tool that will have ended after so many milliseconds: until then its silence means nothing. */
  | { readonly type: 'tool-began'; readonly call: string; readonly limitMs: number }
  | { readonly type: 'tool-ended'; readonly call: string }
  /** So much work goes on beside its turns. */
  | { readonly type: 'background'; readonly running: number }
