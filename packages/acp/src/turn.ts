/** The end of a turn: the answer to the request that was a message. */
import { type AnswerText, type Fact, nothingSpent, type Spending } from '@overmind/core'
import { type Frame, readFrame } from './frame.ts'
import { readTurnEnd, readUpdate } from './protocol.ts'
import { saidOf, shortfallOf, troubleOf } from './trouble.ts'

type Reply = Extract<Frame, { kind: 'result' | 'failure' }>

/** What the end of a turn says. */
export function hearTurn(frame: Reply, message: string): readonly Fact[] {
  const stopReason = stopReasonOf(frame)
  const trouble = frame.kind === 'failure' ? troubleOf(frame.failure) : shortfallOf(stopReason)
  return [
    ...(trouble === undefined ? [] : [{ type: 'trouble', trouble } as const]),
    {
      type: 'answered',
      messages: [message],
      ok: frame.kind === 'result' && stopReason === 'end_turn',
      interrupted: stopReason === 'cancelled',
      spent: spentIn(frame),
      runCostUsd: null,
    },
  ]
}

/** The end of a turn in one line, for people. */
export function turnLine(frame: Reply): string {
  if (frame.kind === 'failure') return `[error] ${saidOf(frame.failure)}`
  const stopReason = stopReasonOf(frame)
  if (stopReason === 'cancelled') return '[interrupted]'
  const shortfall = shortfallOf(stopReason)
  return shortfall === undefined ? '[done]' : `[error] ${shortfall.reason}`
}

/** What the agent said in a turn: its chunks, and a new paragraph where it used a tool or began another message. */
export function answerOf(turn: string): AnswerText {
  const paragraphs: string[] = []
  let spoken = ''
  let messageId: string | null = null
  let last: Reply | undefined
  const end = (): void => {
    if (spoken.trim() !== '') paragraphs.push(spoken.trim())
    spoken = ''
  }
  for (const line of turn.split('\n')) {
    const frame = readFrame(line)
    if (frame?.kind === 'result' || frame?.kind === 'failure') last = frame
    const said = frame?.kind === 'notification' ? readUpdate(frame.params) : undefined
    if (said?.kind !== 'chunk') {
      if (said !== undefined) end()
      continue
    }
    if (messageId !== said.message) end()
    messageId = said.message
    spoken += said.text
  }
  end()
  if (last?.kind === 'failure') paragraphs.push(saidOf(last.failure))
  return {
    text: paragraphs.join('\n\n'),
    durationMs: null,
    spent: last === undefined ? nothingSpent : spentIn(last),
    details:
      last === undefined ? {} : last.kind === 'failure' ? { error: last.failure } : { result: last.result },
  }
}

function stopReasonOf(frame: Reply): string {
  return frame.kind === 'failure' ? 'error' : (readTurnEnd(frame.result)?.stopReason ?? 'nothing')
}

/** Not every agent counts, and none says what it pays. */
function spentIn(frame: Reply): Spending {
  if (frame.kind === 'failure') return nothingSpent
  const usage = readTurnEnd(frame.result)?.usage ?? null
  if (usage === null) return { ...nothingSpent, turns: 1 }
  const { inputTokens, outputTokens, cachedReadTokens, cachedWriteTokens } = usage
  const unnamed = {
    costUsd: 0,
    inputTokens,
    outputTokens,
    cacheReadTokens: cachedReadTokens,
    cacheWriteTokens: cachedWriteTokens,
  }
  return { costUsd: 0, turns: 1, models: { unnamed } }
}
