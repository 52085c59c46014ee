/**
 * The mission machine: every decision about one mission, and no effect. `decide` takes what is known and
 * what happened; it answers with what is known now, what the journal says about it, and what is to be
 * done. The caller writes the first two to the store before it does the third.
 *
 * ```
 * pending { queued, limited }
 *   → running { starting, up, stopping }
 *   ⇄ stalled { suspect, nudged, interrupting, terminating, killing }
 *   → restarting { reaping, backoff, queued, limited }  → running (run + 1)
 *   → exited                             final
 * ```
 */
import { assign, setup, transition } from 'xstate'
import type { EndReason, MissionEvent } from '../model/events.ts'
import { emptyReceipt, type MissionExit, type ProcessExit } from '../model/exit.ts'
import type { MissionSpec } from '../model/spec.ts'
import {
  type Ending,
  PHASES,
  type MissionState,
  type Phase,
  type Rung,
  type TimerName,
} from '../model/state.ts'
import { type Deadline, deadlineAfter, type Instant, remaining } from '../model/time.ts'
import { GROUP_REASONS } from './policy/classify.ts'
import { type Conclusion, conclude, exitWithoutProcess } from './policy/conclude.ts'
import { placeAt, withLimit } from './policy/gate.ts'
import { chargeRestart } from './policy/restart.ts'
import {
  type Circumstances,
  type Decision,
  type Effect,
  higher,
  higherRung,
  nextRung,
  type Signal,
  signalOf,
} from './signal.ts'

/** How long SIGKILL may take before what is left is named and given up. Milliseconds. */
export const GIVE_UP_MS = 10_000

type Facts = Omit<MissionState, 'phase'>
interface Context extends Facts {
  readonly spec: MissionSpec
  /** What this step tells the journal, and what it wants done: `decide` takes them out. */
  readonly events: readonly MissionEvent[]
  readonly effects: readonly Effect[]
}
type Event = Signal & Circumstances
interface Args {
  readonly context: Context
  readonly event: Event
}
interface Step extends Partial<Facts> {
  readonly record?: readonly MissionEvent[]
  readonly perform?: readonly Effect[]
}

function apply(context: Context, { record = [], perform = [], ...facts }: Step): Partial<Context> {
  return { ...facts, events: [...context.events, ...record], effects: [...context.effects, ...perform] }
}

function timer({ context, event }: Args, name: TimerName, delayMs: number): Facts['timers'] {
  return { ...context.timers, [name]: deadlineAfter(event.now, event.boot, delayMs) }
}

function beginRun({ context }: Args): Step {
  const run = context.run + 1
  return {
    run,
    process: null,
    startedAt: null,
    queuedAt: null,
    ending: null,
    ended: null,
    timers: {},
    record: [{ type: 'run.starting', run }],
    perform: [{ type: 'spawn' }],
  }
}

/** The limits that hold for a run from its start. */
export function runTimers(spec: MissionSpec, startedAt: Instant, boot: string): Facts['timers'] {
  const { timeoutMs, activityTimeoutMs } = spec
  return {
    ...(timeoutMs === null ? {} : { deadline: deadlineAfter(startedAt, boot, timeoutMs) }),
    ...(activityTimeoutMs === null ? {} : { activity: deadlineAfter(startedAt, boot, activityTimeoutMs) }),
  }
}

function spawned({ context, event }: Args): Step {
  if (event.type !== 'spawned') return {}
  return {
    process: event.process,
    startedAt: event.at,
    timers: runTimers(context.spec, event.at, event.boot),
    record: [{ type: 'run.started', run: event.run, pid: event.process.pid }],
  }
}

function adopted({ event }: Args): Step {
  return event.type === 'adopted' ? { process: event.process } : {}
}

/** Notes that the run is to end, on top of what may be under way: the higher reason and rung win. */
function want(reason: EndReason, rung: Rung) {
  return ({ context, event }: Args): Step => {
    const current = context.ending
    const timeoutMs = event.type === 'stop' ? event.timeoutMs : null
    return {
      ending: {
        reason: current === null ? reason : higher(reason, current.reason),
        rung: current === null ? rung : higherRung(rung, current.rung),
        timeoutMs: timeoutMs ?? current?.timeoutMs ?? context.spec.stopTimeoutMs,
      },
    }
  }
}

/** An agent that rests can be asked to leave in its own words; one at work would answer first. */
function wantEnd(reason: EndReason) {
  return (args: Args): Step => {
    const { context, event } = args
    return want(reason, event.parts && rests(context) ? 'part' : 'ask')(args)
  }
}

/** While the tree is being ended: for a better reason, and on the same rung, whose signal has been sent and whose time runs. */
function raise(reason: EndReason) {
  return ({ context: { ending } }: Args): Step =>
    ending === null ? {} : { ending: { ...ending, reason: higher(reason, ending.reason) } }
}

/** It waits for a message, or has answered what it was told and is about to say that it waits. */
function rests({ conversation, run }: Context): boolean {
  if (conversation?.turn !== 'busy') return conversation?.turn === 'idle'
  return conversation.last?.run === run && conversation.messages.every(({ state }) => state === 'queued')
}

function climbOn({ context }: Args): Step {
  const { ending } = context
  if (ending === null) return {}
  const rung = nextRung(ending.rung)
  const begins = ending.rung === 'part' || ending.rung === 'interrupt'
  // Half of its time has passed.
  const timeoutMs = begins ? ending.timeoutMs / 2 : ending.timeoutMs
  return { ending: { ...ending, rung, timeoutMs } }
}

/** How long the ladder stands on a rung. Milliseconds. */
export function rungMs({ rung, timeoutMs }: Ending): number {
  return { part: timeoutMs / 2, interrupt: timeoutMs / 2, ask: timeoutMs, kill: GIVE_UP_MS }[rung]
}

/** Sends the signal of the ladder's current rung and sets the time for the next one. */
function climb(args: Args): Step {
  const { context } = args
  const { ending, run, spec } = context
  if (ending === null) return {}
  const { reason, rung } = ending
  const timers = timer(args, 'rung', rungMs(ending))
  switch (rung) {
    case 'part':
      return {
        timers,
        record: [{ type: 'run.ending', run, reason, signal: null }],
        perform: [{ type: 'part' }],
      }
    case 'interrupt':
    case 'ask':
    case 'kill': {
      const signal = signalOf(rung, spec)
      return {
        timers,
        record: [{ type: 'run.ending', run, reason, signal }],
        perform: [{ type: 'signal', signal }],
      }
    }
  }
}

function leaderGone({ context, event }: Args): Step {
  if (event.type !== 'exited' || context.ended !== null) return {}
  const { run, exit, left } = event
  const { rung } = context.timers
  return {
    ended: exit,
    timers: rung === undefined ? {} : { rung },
    record: [{ type: 'run.exited', run, exit, left }],
  }
}

function treeEmpty({ context, event }: Args): Step {
  if (event.type !== 'emptied' && event.type !== 'exited') return {}
  const { signals, strays, left } = event.receipt
  const quiet = signals.length === 0 && strays === 0 && left.length === 0
  return {
    timers: {},
    record: quiet ? [] : [{ type: 'run.ended', run: context.run, receipt: event.receipt }],
  }
}

function conclusion({ context, event }: Args): Conclusion {
  const { startedAt, spec } = context
  const unkillable = (): ProcessExit => ({
    kind: 'lost',
    cause: 'unkillable',
    at: event.now.wall,
    ran: startedAt === null ? 0 : Math.max(0, event.now.monotonic - startedAt.monotonic),
  })
  // What is on record is what happened: a supervisor that comes later may find no trace of it.
  const exit = context.ended ?? (event.type === 'exited' ? event.exit : unkillable())
  const receipt = event.type === 'exited' || event.type === 'emptied' ? event.receipt : emptyReceipt
  return conclude(context, spec, { exit, receipt, circumstances: event })
}

function settle(args: Args): Step {
  const { context } = args
  const end = conclusion(args)
  switch (end.kind) {
    case 'restart':
      return scheduleRestart(args, end)
    case 'wait':
      return waitForAccount(args, end)
    case 'exit':
      return {
        ...end.limited,
        budget: end.budget,
        conversation: end.conversation,
        exit: end.exit,
        timers: {},
        record: [{ type: 'mission.exited', run: context.run, exit: end.exit }],
        perform: [{ type: 'release-children' }],
      }
  }
}

function scheduleRestart(args: Args, restart: Omit<Extract<Conclusion, { kind: 'restart' }>, 'kind'>): Step {
  const { budget, conversation, delayMs, charged, reason } = restart
  const { run, restarts, ending } = args.context
  return {
    budget,
    conversation,
    restarts: restarts + 1,
    // What a person asked for does not wait for the account: so much is remembered.
    ending: ending?.reason === 'restart' ? ending : null,
    timers: timer(args, 'backoff', delayMs),
    record: [{ type: 'mission.restarting', run: run + 1, delay: delayMs, reason, charged }],
  }
}

/** Not after a delay of its own: when its account may be used again. */
function waitForAccount(
  args: Args,
  { budget, conversation, limited, reason }: Extract<Conclusion, { kind: 'wait' }>,
): Step {
  const { context, event } = args
  const { limit, account } = limited
  const until = placeAt(withLimit(event.gate, limit), 'new', event) ?? limit.until
  const run = context.run + 1
  const delay = Math.round(remaining(until, event.now, event.boot))
  return {
    budget,
    conversation,
    limit,
    account,
    restarts: context.restarts + 1,
    ending: null,
    timers: { gate: until },
    record: [
      { type: 'mission.restarting', run, delay, reason, charged: false },
      { type: 'mission.limited', run, account, until: until.wall },
    ],
  }
}

/** The place at its account's gate of a mission that is about to start a run; null when nothing holds it up. */
function placeFor({ context, event }: Args): Deadline | null {
  switch (event.type) {
    case 'launch':
    case 'turn':
      return placeAt(event.gate, 'new', event)
    case 'restart':
      // A person knows better than the gate.
      return event.by === 'team' ? placeAt(event.gate, 'new', event) : null
    case 'timer':
      if (event.name === 'gate') return placeAt(event.gate, 'waiting', event)
      return context.ending?.reason === 'restart' ? null : placeAt(event.gate, 'new', event)
    default:
      return null
  }
}

function takePlace(args: Args): Step {
  const until = placeFor(args)
  const { account } = args.event
  if (until === null) return {}
  return {
    account,
    queuedAt: null,
    timers: { gate: until },
    record: [{ type: 'mission.limited', run: args.context.run + 1, account, until: until.wall }],
  }
}

/** Waits for a slot, from now on. */
function joinQueue({ context, event }: Args): Step {
  // It has kept its place while nobody supervised it.
  if (context.queuedAt !== null) return {}
  return {
    queuedAt: event.now.wall,
    timers: {},
    record: [{ type: 'mission.queued', run: context.run + 1, full: event.full }],
  }
}

/** A run that never became a process: given up, or tried again when the machine may just be short of something. */
function refused({ event }: Args): Step {
  if (event.type !== 'refused') return {}
  const { run, reason, retry } = event
  return { record: [{ type: 'run.refused', run, reason, retry }] }
}

function retry(args: Args): Step {
  const { context, event } = args
  const answer = chargeRestart(context.budget, context.spec, () => event.random)
  if (answer.kind === 'exhausted' || event.type !== 'refused') return {}
  return scheduleRestart(args, {
    conversation: context.conversation,
    budget: answer.budget,
    delayMs: answer.delayMs,
    charged: true,
    reason: event.reason,
  })
}

/** Why a mission ends that has no process, or none any more. */
function endWithoutProcess({ context, event }: Args): EndReason | undefined {
  switch (event.type) {
    case 'kill':
      return 'kill'
    case 'stop':
      return 'stop'
    case 'end':
      return event.because
    default:
      return context.ending?.reason
  }
}

function exitUnstarted(args: Args): Step {
  const { context, event } = args
  const { run } = context
  const when = run === 0 || event.type === 'refused' ? 'before it ran' : 'while it waited to run again'
  const at = event.now.wall
  const end = (exitClass: 'killed' | 'stopped' | 'budget' | 'failed-to-start', reason: string): MissionExit =>
    exitWithoutProcess(run, exitClass, reason, at)
  const exits: Readonly<Partial<Record<EndReason, MissionExit>>> = {
    kill: end('killed', `killed on request ${when}`),
    stop: end('stopped', `stopped on request ${when}`),
    budget: end('budget', `what it may spend in all is used up, ${when}`),
    parent: end('stopped', `${GROUP_REASONS.parent}, ${when}`),
    'team-end': end('stopped', `${GROUP_REASONS['team-end']}, ${when}`),
    'team-restart': end('stopped', `${GROUP_REASONS['team-restart']}, ${when}`),
  }
  const reason = endWithoutProcess(args)
  const exit =
    (reason === undefined ? undefined : exits[reason]) ??
    end('failed-to-start', event.type === 'refused' ? event.reason : 'it could not be started')
  return {
    exit,
    queuedAt: null,
    ending: reason === undefined ? null : { reason, rung: 'ask', timeoutMs: context.spec.stopTimeoutMs },
    timers: {},
    record: [{ type: 'mission.exited', run, exit }],
    perform: [{ type: 'release-children' }],
  }
}

/** A person wants an exited mission to run again: nothing is charged, and its past counts no longer. */
function revive({ context, event }: Args): Step {
  const { run, restarts } = context
  return {
    exit: null,
    process: null,
    startedAt: null,
    ending: null,
    ended: null,
    budget: { clock: 0, charged: [] },
    restarts: restarts + 1,
    record: [
      {
        type: 'mission.restarting',
        run: run + 1,
        delay: 0,
        reason:
          event.type === 'restart' && event.by === 'team'
            ? 'started again by its team'
            : 'restarted on request',
        charged: false,
      },
    ],
  }
}

function stalled({ context, event }: Args): Step {
  if (event.type !== 'timer') return {}
  return { record: [{ type: 'run.stalled', run: context.run, quiet: Math.round(event.quietMs) }] }
}

/** How long an agent is waited for once it is suspected, and again once it has been nudged. Milliseconds. */
function nudgeMs({ activityTimeoutMs }: MissionSpec): number {
  return (activityTimeoutMs ?? 0) / 2
}

/** So soon after a nudge an agent only shows that it has read it. Milliseconds. */
function graceMs(spec: MissionSpec): number {
  return Math.min(1000, nudgeMs(spec) / 2)
}

function waitOn(args: Args): Step {
  return { timers: timer(args, 'activity', nudgeMs(args.context.spec)) }
}

function nudge({ context }: Args): Step {
  return { record: [{ type: 'run.nudged', run: context.run }], perform: [{ type: 'nudge' }] }
}

function recovered({ context }: Args): Step {
  return { record: [{ type: 'run.recovered', run: context.run }] }
}

/** Looks again when the run, as it is now, would have been silent for long enough. */
function watchActivity(args: Args): Step {
  const { event } = args
  const limit = args.context.spec.activityTimeoutMs
  if (event.type !== 'timer' || limit === null) return {}
  return { timers: timer(args, 'activity', Math.max(1, limit - event.quietMs)) }
}

/** The leader of a run has ended, and its tree is empty. */
const leavesNothing = [
  {
    guard: 'restarts',
    target: '#mission.restarting.backoff',
    actions: ['noteLeaderGone', 'noteTreeEmpty', 'settle'],
  },
  {
    guard: 'waits',
    target: '#mission.restarting.limited',
    actions: ['noteLeaderGone', 'noteTreeEmpty', 'settle'],
  },
  { target: '#mission.exited', actions: ['noteLeaderGone', 'noteTreeEmpty', 'settle'] },
] as const

/** While a tree is being ended: only its being empty ends the ladder, never the leader's exit alone. */
const whileEnding = {
  exited: [{ guard: 'leavesProcesses', actions: 'noteLeaderGone' }, ...leavesNothing],
  emptied: [
    { guard: 'restarts', target: '#mission.restarting.backoff', actions: ['noteTreeEmpty', 'settle'] },
    { guard: 'waits', target: '#mission.restarting.limited', actions: ['noteTreeEmpty', 'settle'] },
    { target: '#mission.exited', actions: ['noteTreeEmpty', 'settle'] },
  ],
  // On the last rung there is nothing left to send: only the reason may rise.
  stop: [
    { guard: 'onLastRung', actions: 'wantStop' },
    { guard: 'asksAgain', target: '#mission.running.stopping', reenter: true, actions: 'wantStopNow' },
    { target: '#mission.running.stopping', reenter: true, actions: 'wantStop' },
  ],
  kill: [
    { guard: 'onLastRung', actions: 'wantKill' },
    { target: '#mission.running.stopping', reenter: true, actions: 'wantKill' },
  ],
  end: { actions: 'raiseEnd' },
  restart: { actions: 'raiseRestart' },
} as const

const leaderExits = [
  {
    guard: 'leavesAndRestarts',
    target: '#mission.restarting.reaping',
    actions: ['noteLeaderGone', 'wantLeftoversGone'],
  },
  {
    guard: 'leavesProcesses',
    target: '#mission.running.stopping',
    actions: ['noteLeaderGone', 'wantLeftoversGone'],
  },
  ...leavesNothing,
] as const

/** While it may go on: what ends that. */
const whileUp = {
  exited: leaderExits,
  stop: { target: '#mission.running.stopping', actions: 'wantStop' },
  kill: { target: '#mission.running.stopping', actions: 'wantKill' },
  end: { target: '#mission.running.stopping', actions: 'wantItEnd' },
  unhealthy: { target: '#mission.running.stopping', actions: 'wantUnhealthyEnd' },
  restart: { target: '#mission.running.stopping', actions: 'wantRestart' },
} as const

/** Of the timers, while a tree is being ended: what raises the reason, and the end of the last rung. */
const endingTimers = [
  { guard: 'isDeadline', actions: 'raiseDeadline' },
  { guard: 'atLastRung', actions: 'giveUp' },
] as const

/** Where there is no process that would have to end first. */
const endsAtOnce = {
  stop: { target: '#mission.exited', actions: 'exitUnstarted' },
  kill: { target: '#mission.exited', actions: 'exitUnstarted' },
  end: { target: '#mission.exited', actions: 'exitUnstarted' },
} as const

/** While its account is limited: its turn comes, or a person does not want to wait. */
const atGate = {
  timer: [
    { guard: 'gateMustWait', actions: 'takePlace' },
    { guard: 'gateMustQueue', target: 'queued', actions: 'joinQueue' },
    { guard: 'isGate', target: '#mission.running.starting' },
  ],
  restart: '#mission.running.starting',
} as const

/** While there is no slot for it: likewise. */
const inQueue = {
  turn: [
    { guard: 'mustWait', target: 'limited', actions: 'takePlace' },
    { target: '#mission.running.starting' },
  ],
  restart: '#mission.running.starting',
} as const

/** The first state of a mission: nothing has run. */
export const initialState: MissionState = {
  phase: 'pending.queued',
  run: 0,
  process: null,
  startedAt: null,
  ending: null,
  ended: null,
  restarts: 0,
  queuedAt: null,
  budget: { clock: 0, charged: [] },
  conversation: null,
  timers: {},
  exit: null,
}

const machine = setup({
  types: { context: {} as Context, events: {} as Event, input: {} as Context },
  guards: {
    isRung: ({ event }) => event.type === 'timer' && event.name === 'rung',
    isDeadline: ({ event }) => event.type === 'timer' && event.name === 'deadline',
    isBackoff: ({ event }) => event.type === 'timer' && event.name === 'backoff',
    isSilent: ({ context, event }) =>
      event.type === 'timer' &&
      event.name === 'activity' &&
      event.quietMs >= (context.spec.activityTimeoutMs ?? Infinity),
    isSilentAgent: ({ context, event }) =>
      event.type === 'timer' &&
      event.name === 'activity' &&
      event.nudges &&
      event.quietMs >= (context.spec.activityTimeoutMs ?? Infinity),
    isStillSilent: ({ context, event }) =>
      event.type === 'timer' &&
      event.name === 'activity' &&
      event.quietMs >= nudgeMs(context.spec) - graceMs(context.spec),
    isActive: ({ event }) => event.type === 'timer' && event.name === 'activity',
    atLastRung: ({ context, event }) =>
      event.type === 'timer' && event.name === 'rung' && context.ending?.rung === 'kill',
    onLastRung: ({ context }) => context.ending?.rung === 'kill',
    /** A second stop goes to the next rung. */
    asksAgain: ({ context, event }) => event.type === 'stop' && context.ending?.reason === 'stop',
    endWanted: ({ context }) => context.ending !== null,
    leavesProcesses: ({ event }) => event.type === 'exited' && event.left > 0,
    leavesAndRestarts: ({ context, event }) =>
      event.type === 'exited' && event.left > 0 && conclusion({ context, event }).kind !== 'exit',
    restarts: ({ context, event }) => conclusion({ context, event }).kind === 'restart',
    waits: ({ context, event }) => conclusion({ context, event }).kind === 'wait',
    isGate: ({ event }) => event.type === 'timer' && event.name === 'gate',
    mustWait: (args) => placeFor(args) !== null,
    backoffMustWait: (args) =>
      args.event.type === 'timer' && args.event.name === 'backoff' && placeFor(args) !== null,
    mustQueue: ({ event }) => event.full.length > 0,
    gateMustQueue: ({ event }) => event.type === 'timer' && event.name === 'gate' && event.full.length > 0,
    gateMustWait: (args) =>
      args.event.type === 'timer' && args.event.name === 'gate' && placeFor(args) !== null,
    retries: ({ context, event }) =>
      event.type === 'refused' &&
      event.retry &&
      context.ending === null &&
      chargeRestart(context.budget, context.spec, () => event.random).kind === 'granted',
  },
  actions: {
    beginRun: assign((args) => apply(args.context, beginRun(args))),
    noteSpawned: assign((args) => apply(args.context, spawned(args))),
    noteRefused: assign((args) => apply(args.context, refused(args))),
    noteLeaderGone: assign((args) => apply(args.context, leaderGone(args))),
    noteTreeEmpty: assign((args) => apply(args.context, treeEmpty(args))),
    noteStalled: assign((args) => apply(args.context, stalled(args))),
    wantKill: assign((args) => apply(args.context, want('kill', 'kill')(args))),
    wantStop: assign((args) => apply(args.context, wantEnd('stop')(args))),
    wantStopNow: assign((args) => apply(args.context, want('stop', 'kill')(args))),
    wantItEnd: assign((args) =>
      apply(args.context, args.event.type === 'end' ? wantEnd(args.event.because)(args) : {}),
    ),
    wantUnhealthyEnd: assign((args) => apply(args.context, wantEnd('unhealthy')(args))),
    wantRestart: assign((args) => apply(args.context, wantEnd('restart')(args))),
    wantDeadline: assign((args) => apply(args.context, wantEnd('deadline')(args))),
    raiseEnd: assign((args) =>
      apply(args.context, args.event.type === 'end' ? raise(args.event.because)(args) : {}),
    ),
    raiseRestart: assign((args) => apply(args.context, raise('restart')(args))),
    raiseDeadline: assign((args) => apply(args.context, raise('deadline')(args))),
    noteRecovered: assign((args) => apply(args.context, recovered(args))),
    waitOn: assign((args) => apply(args.context, waitOn(args))),
    nudge: assign((args) => apply(args.context, nudge(args))),
    wantStallInterrupt: assign((args) => apply(args.context, want('stall', 'interrupt')(args))),
    wantStall: assign((args) => apply(args.context, want('stall', 'ask')(args))),
    wantLeftoversGone: assign((args) => apply(args.context, want('leftovers', 'ask')(args))),
    nextRung: assign((args) => apply(args.context, climbOn(args))),
    climb: assign((args) => apply(args.context, climb(args))),
    giveUp: assign((args) => apply(args.context, { perform: [{ type: 'give-up' }] })),
    watchActivity: assign((args) => apply(args.context, watchActivity(args))),
    joinQueue: assign((args) => apply(args.context, joinQueue(args))),
    takePlace: assign((args) => apply(args.context, takePlace(args))),
    settle: assign((args) => apply(args.context, settle(args))),
    noteAdopted: assign((args) => apply(args.context, adopted(args))),
    retry: assign((args) => apply(args.context, retry(args))),
    exitUnstarted: assign((args) => apply(args.context, exitUnstarted(args))),
    revive: assign((args) => apply(args.context, revive(args))),
  },
}).createMachine({
  id: 'mission',
  // Never used: `decide` puts what is recorded in its place.
  context: ({ input }) => input,
  initial: 'pending',
  on: { adopted: { actions: 'noteAdopted' } },
  states: {
    pending: {
      initial: 'queued',
      states: {
        queued: {
          on: {
            launch: [
              { guard: 'mustWait', target: 'limited', actions: 'takePlace' },
              { guard: 'mustQueue', actions: 'joinQueue' },
              { target: '#mission.running.starting' },
            ],
            ...inQueue,
          },
        },
        limited: { on: atGate },
      },
      on: endsAtOnce,
    },
    running: {
      initial: 'starting',
      states: {
        starting: {
          entry: 'beginRun',
          on: {
            spawned: [
              { guard: 'endWanted', target: 'stopping', actions: 'noteSpawned' },
              { target: 'up', actions: 'noteSpawned' },
            ],
            refused: [
              { guard: 'retries', target: '#mission.restarting.backoff', actions: ['noteRefused', 'retry'] },
              { target: '#mission.exited', actions: ['noteRefused', 'exitUnstarted'] },
            ],
            /** It began and ended while no supervisor lived to note its start. */
            exited: leaderExits,
            stop: [{ guard: 'asksAgain', actions: 'wantStopNow' }, { actions: 'wantStop' }],
            kill: { actions: 'wantKill' },
            end: { actions: 'wantItEnd' },
          },
        },
        up: {
          on: {
            ...whileUp,
            timer: [
              { guard: 'isDeadline', target: 'stopping', actions: 'wantDeadline' },
              {
                guard: 'isSilentAgent',
                target: '#mission.stalled.suspect',
                actions: ['noteStalled', 'waitOn'],
              },
              {
                guard: 'isSilent',
                target: '#mission.stalled.terminating',
                actions: ['noteStalled', 'wantStall'],
              },
              { guard: 'isActive', actions: 'watchActivity' },
            ],
          },
        },
        stopping: {
          entry: 'climb',
          on: {
            ...whileEnding,
            timer: [
              ...endingTimers,
              { guard: 'isRung', target: 'stopping', reenter: true, actions: 'nextRung' },
            ],
          },
        },
      },
    },
    stalled: {
      initial: 'terminating',
      states: {
        suspect: {
          on: {
            ...whileUp,
            timer: [
              { guard: 'isDeadline', target: '#mission.running.stopping', actions: 'wantDeadline' },
              { guard: 'isSilent', target: 'nudged', actions: ['nudge', 'waitOn'] },
              {
                guard: 'isActive',
                target: '#mission.running.up',
                actions: ['noteRecovered', 'watchActivity'],
              },
            ],
          },
        },
        nudged: {
          on: {
            ...whileUp,
            timer: [
              { guard: 'isDeadline', target: '#mission.running.stopping', actions: 'wantDeadline' },
              { guard: 'isStillSilent', target: 'interrupting', actions: 'wantStallInterrupt' },
              {
                guard: 'isActive',
                target: '#mission.running.up',
                actions: ['noteRecovered', 'watchActivity'],
              },
            ],
          },
        },
        interrupting: {
          entry: 'climb',
          on: { timer: [...endingTimers, { guard: 'isRung', target: 'terminating', actions: 'nextRung' }] },
        },
        terminating: {
          entry: 'climb',
          on: { timer: [...endingTimers, { guard: 'isRung', target: 'killing', actions: 'nextRung' }] },
        },
        killing: { entry: 'climb', on: { timer: [...endingTimers] } },
      },
      on: whileEnding,
    },
    restarting: {
      initial: 'backoff',
      states: {
        reaping: {
          entry: 'climb',
          on: {
            ...whileEnding,
            timer: [
              ...endingTimers,
              { guard: 'isRung', target: 'reaping', reenter: true, actions: 'nextRung' },
            ],
          },
        },
        backoff: {
          on: {
            timer: [
              { guard: 'backoffMustWait', target: 'limited', actions: 'takePlace' },
              { guard: 'isBackoff', target: '#mission.running.starting' },
            ],
            restart: '#mission.running.starting',
            ...endsAtOnce,
          },
        },
        queued: { on: { ...inQueue, ...endsAtOnce } },
        limited: {
          on: {
            ...atGate,
            ...endsAtOnce,
          },
        },
      },
    },
    exited: {
      on: {
        restart: [
          { guard: 'mustWait', target: 'restarting.limited', actions: ['revive', 'takePlace'] },
          { guard: 'mustQueue', target: 'restarting.queued', actions: ['revive', 'joinQueue'] },
          { target: 'running.starting', actions: 'revive' },
        ],
      },
    },
  },
})

/**
 * What follows from `event` for a mission in `state`. Pure: the same values give the same decision. An
 * event that has no meaning in this state, or belongs to another run, changes nothing.
 */
export function decide(
  state: MissionState,
  spec: MissionSpec,
  signal: Signal,
  circumstances: Circumstances,
): Decision {
  if ('run' in signal && signal.run !== state.run) return { state, events: [], effects: [] }
  const { phase, ...facts } = state
  const timers = signal.type === 'timer' ? without(facts.timers, signal.name) : facts.timers
  const snapshot = machine.resolveState({
    value: toValue(phase),
    context: { ...facts, timers, spec, events: [], effects: [] },
  })
  const [next] = transition(machine, snapshot, { ...signal, ...circumstances })
  if (next.context === snapshot.context && toPhase(next.value) === phase) {
    return { state: timers === facts.timers ? state : { ...state, timers }, events: [], effects: [] }
  }
  const { spec: _, events, effects, ...known } = next.context
  return { state: { ...known, phase: toPhase(next.value) }, events, effects }
}

function without(timers: Facts['timers'], name: TimerName): Facts['timers'] {
  return Object.fromEntries(Object.entries(timers).filter(([other]) => other !== name))
}

type Value = 'exited' | Readonly<Record<string, string>>

function toValue(phase: Phase): Value {
  const [state, substate] = phase.split('.')
  return state === undefined || substate === undefined ? 'exited' : { [state]: substate }
}

function isPhase(text: string): text is Phase {
  return PHASES.some((phase) => phase === text)
}

function toPhase(value: unknown): Phase {
  const text =
    typeof value === 'object' && value !== null ? Object.entries(value).flat().join('.') : String(value)
  if (!isPhase(text)) throw new TypeError(`the machine is in a state without a name: ${text}`)
  return text
}
