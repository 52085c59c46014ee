import type { MessageId, Run } from './ids.ts'
import type { TerminalSize } from './spec.ts'

/**
 * What a mission that talks has been told and has answered, as far as it can be proved. Plain data, written
 * to the store with each step, so that a message is neither lost nor told twice, whoever dies.
 */
export interface Conversation {
  /** What the agent calls it, to go on with it in another run; null for an agent that remembers nothing. */
  readonly id: string | null
  /** What the agent had of it when the current run began. */
  readonly memory: Memory
  /** The agent tells when it has a message, and when it is done with it. */
  readonly acknowledges: boolean
  /** The model that answers, as the agent says. */
  readonly model: string | null
  /** So many bytes of the current run's stdout have been taken in. */
  readonly heard: number
  readonly turn: Turn
  /** The current run is the agent's own terminal, of this size, for people who sit at it; it takes no messages. */
  readonly terminal: TerminalSize | null
  /** The next run is to be. */
  readonly wantsTerminal: TerminalSize | null
  /** The agent of this run tells when it begins and when it waits, so that its answers alone do not mean that it does. */
  readonly tellsTurns: boolean
  /** Work of the current run that goes on beside its turns. */
  readonly background: number
  /** Tools that it uses, and when each will have ended, in milliseconds since 1970: its silence means nothing before. */
  readonly tools: readonly { readonly call: string; readonly until: number }[]
  /** Not answered yet, in the order in which they are told. */
  readonly messages: readonly PendingMessage[]
  /** What the agent awaits that needs nobody's decision, and has not been told yet; in its provider's words. */
  readonly awaited: readonly string[]
  /** What the agent asks a person, the oldest first. */
  readonly asks: readonly Ask[]
  readonly last: Answer | null
  /** Good answers so far: what the agent must know of when it goes on. */
  readonly answers: number
  /** What the agent says is wrong; null again once it has answered. */
  readonly trouble: Trouble | null
  /** How its runs keep ending without an answer in between. */
  readonly stuck: { readonly reason: string; readonly times: number } | null
  /** A request to let go of the turn that the agent has not followed yet. */
  readonly interrupting: string | null
  /** What the agent may do without asking, in its words. */
  readonly rules: readonly string[]
  readonly spent: Spending
  /** What the current run has told of its cost in all, for agents that tell only that. US dollars. */
  readonly runCostUsd: number
}

/**
 * What an agent has of a conversation. `none`: nothing. `open`: it was cut off before it had answered. `closed`: it has
 * answered all that it had begun.
 */
export type Memory = 'none' | 'open' | 'closed'

/**
 * `off`: no run. `starting`: it has not shown yet that it listens. `idle`: it waits for a message. `busy`: it
 * works on one.
 */
export type Turn = 'off' | 'starting' | 'idle' | 'busy'

export interface PendingMessage {
  readonly id: MessageId
  /** When it was accepted; milliseconds since 1970. */
  readonly at: number
  /**
   * `queued`: for the agent to be told. `handed`: on its way into the agent's input, in `run`. `taken`: the
   * agent has shown that it has it. `settled`: it has shown that it is done with it.
   */
  readonly state: 'queued' | 'handed' | 'taken' | 'settled'
  /** The run that it was handed to last; 0 before. */
  readonly run: Run
  /** The id of the message by which the agent is asked to go on with this one, when it does not do so by itself. */
  readonly goOn: MessageId | null
  /** So many bytes of that run's stdout had been taken in when it was handed. */
  readonly heard: number
  /** Where the agent was cut off from it: what it had said of it until then may be all that there is. */
  readonly cutOff: Said | null
}

/** A part of a run's stdout, by offsets. */
export interface Said {
  readonly run: Run
  readonly from: number
  readonly to: number
}

/** A question of the agent that only a person, or a rule of theirs, may answer. All text in it is the agent's. */
export interface Ask {
  /** The agent's own name for it. */
  readonly id: string
  readonly tool: string
  /** What it wants to do, in one line. */
  readonly summary: string
  /** What the tool would be given, as JSON. */
  readonly input: string
  /** The rule that the agent proposes, which would allow this and the like; null when there is none. */
  readonly rule: string | null
  /** What its provider needs to put a verdict into words, in the provider's own; empty for nothing. */
  readonly context: string
  /** When it was asked; milliseconds since 1970. */
  readonly at: number
  /** The answer that is on its way to the agent; null while it waits for one. */
  readonly verdict: Verdict | { readonly decision: 'withdrawn' } | null
}

export type Verdict =
  /** With a rule, in the agent's words: what it covers is not asked again for as long as the mission lives. */
  | { readonly decision: 'allow'; readonly rule: string | null }
  | { readonly decision: 'deny'; readonly reason: string }

/** An answer of the agent, by where it stands in its output: one line, or all that it said in the turn. */
export interface Answer extends Said {
  readonly ok: boolean
  /** Milliseconds since 1970. */
  readonly at: number
}

/** What only a provider can tell of a failure. */
export type Trouble =
  /** It would end the same way each time: a bad flag, no credentials. Never tried again. */
  | { readonly kind: 'permanent'; readonly reason: string }
  /** It may pass: an overloaded service, no network. Tried again as the restart policy says. */
  | { readonly kind: 'passing'; readonly reason: string }
  /** The budget of the mission is used up. */
  | { readonly kind: 'budget'; readonly reason: string }
  /** Its account may not be used for a while. Not a failure: nothing is charged. */
  | {
      readonly kind: 'rate-limited'
      readonly reason: string
      /** When the limit ends, in milliseconds since 1970; null when that is not known. */
      readonly until: number | null
      /** Whose limit it is, named as `Provider.account` names it; null for the mission's own. */
      readonly account: string | null
    }

/** What an agent's work has cost, as the agent itself counts it. */
export interface Spending {
  /** US dollars. */
  readonly costUsd: number
  readonly turns: number
  readonly models: Readonly<Record<string, ModelSpending>>
}

/** Tokens by kind. */
export interface ModelSpending {
  readonly costUsd: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cacheReadTokens: number
  readonly cacheWriteTokens: number
}

export const nothingSpent: Spending = { costUsd: 0, turns: 0, models: {} }

/** Two bills as one. */
export function addSpending(a: Spending, b: Spending): Spending {
  // Agents name their models as they like, also as objects name what they inherit.
  const models = new Map(Object.entries(a.models))
  for (const [name, more] of Object.entries(b.models)) {
    const before = models.get(name)
    models.set(
      name,
      before === undefined
        ? more
        : {
            costUsd: before.costUsd + more.costUsd,
            inputTokens: before.inputTokens + more.inputTokens,
            outputTokens: before.outputTokens + more.outputTokens,
            cacheReadTokens: before.cacheReadTokens + more.cacheReadTokens,
            cacheWriteTokens: before.cacheWriteTokens + more.cacheWriteTokens,
          },
    )
  }
  return { costUsd: a.costUsd + b.costUsd, turns: a.turns + b.turns, models: Object.fromEntries(models) }
}

/** All tokens of a bill, whatever their kind. */
export function tokensOf({ models }: Spending): number {
  return Object.values(models).reduce(
    (sum, model) =>
      sum + model.inputTokens + model.outputTokens + model.cacheReadTokens + model.cacheWriteTokens,
    0,
  )
}
