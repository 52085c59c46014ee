import { isInner, type MissionView, type SlotUse, tokensOf, windowText } from '@overmind/core'

/** A place among those that wait for a slot. */
export interface Place {
  /** How many come first. */
  readonly before: number
  /** The limits that have no room. */
  readonly full: readonly SlotUse[]
}

export interface Circumstances {
  /** Milliseconds since 1970. */
  readonly now: number
  /** Why its last run was followed by another, as the journal has it. */
  readonly restarted?: string | undefined
  /** Who is attached to its terminal. */
  readonly attached?: { readonly control: number; readonly watch: number }
  /** What it does, as its controller says. */
  readonly doing?: readonly string[]
  readonly place?: Place | undefined
}

/** Why a mission is in its state: sentences for people, the most important first. */
export function why(
  { state, spec, status }: MissionView,
  { now, restarted, attached, doing = [], place }: Circumstances,
): readonly string[] {
  const { phase, ending, exit, budget, restarts, run, ended } = state
  const askedSoFar = (): string => {
    const rung = ending?.rung ?? 'ask'
    if (rung === 'kill') return 'SIGKILL was sent, and its process tree is not empty yet.'
    if (spec.type === 'blueprint') return 'what it has started is asked to end first, each by its own ladder.'
    // It sends no signals, and waits for itself alone.
    if (spec.type === 'ritual') return 'it ends when what it is about to start has been started.'
    const next = rung === 'ask' ? 'SIGKILL' : spec.stopSignal
    const asked = ASKED[rung] ?? `${spec.stopSignal} was sent`
    return `${asked}; ${next} follows in ${until('rung')} unless its process tree is empty before.`
  }
  const until = (name: keyof typeof state.timers): string => {
    const deadline = state.timers[name]
    return deadline === undefined ? '' : `${Math.max(0, (deadline.wall - now) / 1000).toFixed(1)} s`
  }
  const sentences: string[] = []
  switch (phase) {
    case 'pending.queued':
      sentences.push(...inLine(place))
      break
    case 'pending.limited':
      sentences.push(
        `Account ${state.account ?? 'unknown'} of ${spec.provider} is rate-limited; its turn to start comes in ${until('gate')}.`,
      )
      break
    case 'running.starting':
      sentences.push(`Run ${run} is being started.`)
      break
    case 'running.up':
      sentences.push(
        state.process !== null && isInner(state.process)
          ? `Run ${run} is at work, inside the daemon.`
          : `Run ${run} is running, under process ${state.process?.pid ?? 'unknown'}.`,
        ...doing,
      )
      break
    case 'stalled.suspect':
      sentences.push(
        `Run ${run} has shown no activity for ${(spec.activityTimeoutMs ?? 0) / 1000} s; it is told so in ${until('activity')} unless it does.`,
      )
      break
    case 'stalled.nudged':
      sentences.push(
        `Run ${run} has shown no activity and has been told so; it is interrupted in ${until('activity')} unless it does.`,
      )
      break
    case 'running.stopping':
    case 'stalled.interrupting':
    case 'stalled.terminating':
    case 'stalled.killing':
    case 'restarting.reaping': {
      const reason = ending === null ? 'It is being ended' : ENDING[ending.reason]
      sentences.push(`${reason}: ${askedSoFar()}`)
      if (ended !== null) sentences.push('The command itself has ended; what it left behind has not.')
      break
    }
    case 'restarting.backoff':
      sentences.push(`Run ${run} ${restarted ?? 'ended'}; run ${run + 1} begins in ${until('backoff')}.`)
      break
    case 'restarting.queued':
      sentences.push(`It is to run again, as run ${run + 1}.`, ...inLine(place))
      break
    case 'restarting.limited':
      sentences.push(
        `Run ${run} ended; account ${state.account ?? 'unknown'} of ${spec.provider} is rate-limited, and the turn of run ${run + 1} comes in ${until('gate')}.`,
      )
      break
    case 'exited':
      if (exit !== null) sentences.push(`It is ${status}: ${exit.evidence.reason} (class ${exit.class}).`)
  }
  if (spec.restart !== 'never' && exit === null) {
    const limit =
      spec.maxRestarts === 0
        ? 'without limit'
        : `${spec.maxRestarts - budget.charged.length} of ${spec.maxRestarts} left`
    sentences.push(`Restarts (${spec.restart}): ${limit}${windowText(spec)}; ${restarts} so far.`)
  }
  sentences.push(...conversationWhy(state, spec, now))
  if (phase === 'running.up' && state.timers.deadline !== undefined)
    sentences.push(`It may run for ${until('deadline')} more.`)
  if (exit === null && attached !== undefined && attached.control + attached.watch > 0) {
    sentences.push(`Attached to its terminal: ${attached.control} who may type, ${attached.watch} who watch.`)
  }
  if (exit === null && spec.team !== null) {
    const { team, member, strategy, restart } = spec.team
    sentences.push(`It is ${member} of the team ${team} (${strategy}), ${restart}.`)
  }
  if (exit === null && spec.parent !== null && spec.onParentExit === 'stop') {
    sentences.push(`It ends when its parent ${spec.parent} has exited.`)
  }
  if (exit !== null && exit.receipt.left.length > 0) {
    sentences.push(`These processes could not be ended: ${exit.receipt.left.join(', ')}.`)
  }
  return sentences
}

function inLine(place: Place | undefined): readonly string[] {
  if (place === undefined || place.full.length === 0) return ['It has been accepted and is about to start.']
  const limits = place.full.map(({ scope, taken, most }) => `${taken} of ${most} ${nameOfScope(scope)}`)
  const before = place.before === 1 ? '1 mission is' : `${place.before} missions are`
  return [
    `It waits for a slot: ${limits.join(' and ')} are at work, and ${before} before it. See overmind queue.`,
  ]
}

function nameOfScope(scope: SlotUse['scope']): string {
  const [kind, name] = scope.split(' ')
  if (name === undefined) return 'missions'
  return kind === 'provider' ? `missions of the provider ${name}` : `missions of the colony ${name}`
}

function conversationWhy(
  { conversation, exit }: MissionView['state'],
  { maxCostUsd, maxTurns, maxTokens }: MissionView['spec'],
  now: number,
): readonly string[] {
  if (conversation === null) return []
  const { turn, messages, asks, trouble, spent, background } = conversation
  const open = asks.filter(({ verdict }) => verdict === null)
  const waiting = messages.filter(({ state }) => state === 'queued').length
  const doing = {
    off: null,
    starting: 'Its agent is starting.',
    idle: 'Its agent waits for a message.',
    busy: 'Its agent works on a message.',
  }
  const limits = [
    maxCostUsd === null ? null : `$${maxCostUsd}`,
    maxTurns === null ? null : `${maxTurns} turns`,
    maxTokens === null ? null : `${maxTokens} tokens`,
  ].filter((limit) => limit !== null)
  const used = `$${spent.costUsd.toFixed(4)}, ${spent.turns} turns, ${tokensOf(spent)} tokens`
  return [
    ...open.map(
      ({ summary, at }) =>
        `It asks you, since ${((now - at) / 1000).toFixed(0)} s: ${summary}. See overmind inbox.`,
    ),
    ...(exit === null && open.length === 0 ? [doing[turn]] : []),
    background > 0 ? `${background} of its tasks go on in the background.` : null,
    waiting > 0 ? `${waiting} messages wait to be told.` : null,
    trouble === null || exit !== null ? null : `It says what is wrong: ${trouble.reason} (${trouble.kind}).`,
    spent.turns === 0
      ? null
      : `It has spent ${used}${limits.length === 0 ? '' : ` of ${limits.join(', ')}`}.`,
  ].filter((sentence) => sentence !== null)
}

/** What has been done on the rungs before the signal. */
const ASKED: Readonly<Record<string, string>> = {
  part: 'its agent was asked to end',
  interrupt: 'SIGINT was sent',
}

const ENDING = {
  kill: 'It is being killed on request',
  stop: 'It is being stopped on request',
  parent: 'Its parent has exited, and it is being stopped for that',
  'team-end': 'Its team ends, and it is being stopped for that',
  'team-restart': 'Its team starts it again, and it is being stopped for that',
  deadline: 'It ran longer than it may and is being ended',
  unhealthy: 'It was found to be unhealthy and is being ended',
  stall: 'It showed no activity for too long and is being ended',
  restart: 'It is being ended to be started again, on request',
  finished: 'It has answered all that it was asked, and is being ended',
  trouble: 'It cannot go on now and is being ended, to try again',
  budget: 'Its budget is used up, and it is being ended',
  unanswered: 'Nobody answered its question in time, and it is being ended',
  leftovers: 'Its command ended and left processes behind, which are being ended',
} as const
