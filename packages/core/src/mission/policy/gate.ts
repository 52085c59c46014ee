/**
 * The gate of one account of a provider: while the account is limited nothing passes, afterwards those
 * that waited pass one at a time. What a gate knows is a fold over the states of its missions, so that it
 * is the same after any crash.
 */
import type { Limit, MissionState, Phase } from '../../model/state.ts'
import { type Deadline, deadlineAfter, delayed, type Instant, later, remaining } from '../../model/time.ts'

/** Between two places, so that a fleet comes back one by one. Milliseconds. */
export const SPACING_MS = 2000
/** Between two that are let through, even when places came late; less, or any lateness would cost a place. Milliseconds. */
export const LEAST_SPACING_MS = 1000
/** The first wait when nobody knows how long a limit lasts, and the longest. Milliseconds. */
export const UNKNOWN_MS = 60_000
export const UNKNOWN_CAP_MS = 3_600_000
/** Limits are longer by chance, up to a quarter and a minute: other machines may wait for the same moment. */
const UPWARD_JITTER = 0.25
export const JITTER_CAP_MS = 60_000
/** A provider that says "in a moment" again and again must not make a loop of it. Milliseconds. */
const SHORTEST_MS = 1000
/** Longer is a mistake in what was read, not a limit. Milliseconds. */
const LONGEST_MS = 31 * 24 * 3_600_000

export interface Gate {
  /** The limit that ends last. */
  readonly limit: Limit | null
  /** The last place that was given to one that waits: it is let through then. */
  readonly place: Deadline | null
  /** When the last one that had waited was let through. */
  readonly passed: Deadline | null
}

export const OPEN_GATE: Gate = { limit: null, place: null, passed: null }

export interface Reading {
  readonly now: Instant
  readonly boot: string
}

function isWaiting(phase: Phase): boolean {
  return phase === 'pending.limited' || phase === 'restarting.limited'
}

function latest(a: Deadline | null, b: Deadline | null | undefined): Deadline | null {
  if (b === null || b === undefined) return a
  return a === null ? b : later(a, b)
}

/** The gate once a run has met this limit. */
export function withLimit(gate: Gate, limit: Limit): Gate {
  const known = gate.limit
  return known !== null && later(known.until, limit.until) === known.until ? gate : { ...gate, limit }
}

/** What a gate knows once a mission of its account has gone from one state to the next; `before` is null when it was just found on record. */
export function noteAtGate(
  gate: Gate,
  before: MissionState | null,
  after: MissionState,
  { now, boot }: Reading,
): Gate {
  const { limit, phase, timers } = after
  const waited = before !== null && isWaiting(before.phase)
  if (!waited && !isWaiting(phase) && limit === before?.limit) return gate
  const known = limit === undefined ? gate : withLimit(gate, limit)
  const place = latest(known.place, timers.gate)
  // Nobody knows who passed just before a crash: the next one keeps its distance from the crash.
  const passes = before === null ? isWaiting(phase) : waited && phase === 'running.starting'
  return { ...known, place, passed: passes ? deadlineAfter(now, boot, 0) : known.passed }
}

/**
 * The moment at which one more may start, or null: at once. Who waits already has a place and only asks
 * whether that still holds; who is new comes behind everyone.
 */
export function placeAt(gate: Gate, asks: 'new' | 'waiting', { now, boot }: Reading): Deadline | null {
  const left = (moment: Deadline | null | undefined, more = 0): number =>
    moment === null || moment === undefined ? 0 : remaining(delayed(moment, more), now, boot)
  const closed = Math.max(left(gate.limit?.until), left(gate.passed, LEAST_SPACING_MS))
  const queue = left(gate.place, SPACING_MS)
  if (closed === 0 && (asks === 'waiting' || queue === 0)) return null
  return deadlineAfter(now, boot, Math.max(closed, queue))
}

export interface MetLimit {
  /** When it ends, as the provider read it. */
  readonly until: number | null
  /** When the run that met it ended; milliseconds since 1970. */
  readonly at: number
  readonly startedAt: Instant | null
}

/** The limit that a run has met, with the wait for it. */
export function limitOf(
  met: MetLimit,
  gate: Gate,
  circumstances: Reading & { readonly random: number },
): Limit {
  const { now, boot, random } = circumstances
  const { until } = met
  const strikes = strikesOf(met, gate.limit, circumstances)
  const known = until !== null && until > met.at && until - met.at <= LONGEST_MS
  const wait = known
    ? Math.max(SHORTEST_MS, until - now.wall)
    : Math.min(UNKNOWN_CAP_MS, UNKNOWN_MS * 2 ** Math.min(strikes, 10))
  const jitter = random * Math.min(wait * UPWARD_JITTER, JITTER_CAP_MS)
  return { until: deadlineAfter(now, boot, Math.ceil(wait + jitter)), strikes }
}

/** Runs that were under way when the limit was met say nothing new; one that was let through since does. */
function strikesOf({ startedAt }: MetLimit, last: Limit | null, { now, boot }: Reading): number {
  if (last === null || remaining(delayed(last.until, UNKNOWN_CAP_MS), now, boot) === 0) return 0
  const since = startedAt !== null && remaining(last.until, startedAt, boot) === 0
  return since ? last.strikes + 1 : last.strikes
}
