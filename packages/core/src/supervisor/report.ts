import { inspect } from 'node:util'
import type { AnyEventObject } from 'xstate'
import type { ExitReason } from './exit.ts'
import type { ChildSpec, ChildType, ShutdownTime } from './spec.ts'
import type { RestartType } from './strategy.ts'

/** The child that a report is about. */
export interface Offender {
  readonly id: string
  /** The id of its latest actor in the actor system, as inspection shows it. */
  readonly sessionId: string | undefined
  readonly type: ChildType
  readonly restart: RestartType
  readonly shutdown: ShutdownTime
}

/** What a supervisor has to tell. `supervisor` is its path from the root: `root/web`. */
export type Report =
  /** A child has started. */
  | { readonly type: 'progress'; readonly supervisor: string; readonly child: Offender }
  /** A child has ended that should not have. */
  | {
      readonly type: 'child_terminated'
      readonly supervisor: string
      readonly child: Offender
      readonly reason: ExitReason
    }
  /** A child is about to be restarted, with those that its supervisor restarts with it. It is charged once. */
  | { readonly type: 'restarting'; readonly supervisor: string; readonly child: Offender }
  /** A child could not be started, or started again. */
  | {
      readonly type: 'start_error'
      readonly supervisor: string
      readonly child: Offender
      readonly error: unknown
    }
  /** Children that were told to stop ended in another way; dynamic ones that did so alike share a report. */
  | {
      readonly type: 'shutdown_error'
      readonly supervisor: string
      readonly child: Offender
      readonly reason: ExitReason
      readonly count: number
    }
  /** The supervisor gives up. */
  | {
      readonly type: 'shutdown'
      readonly supervisor: string
      readonly child: Offender
      readonly reason: 'reached_max_restart_intensity'
    }
  /** Somebody sent the supervisor's actor an event that it does not know. It is dropped. */
  | { readonly type: 'unexpected_event'; readonly supervisor: string; readonly event: AnyEventObject }

export function offender(spec: ChildSpec, sessionId: string | undefined): Offender {
  const { id, type, restart, shutdown } = spec
  return { id, sessionId, type, restart, shutdown }
}

export interface ReportFormat {
  /** How deep values are shown. Default: 2. */
  readonly depth?: number
  /** Characters at most; what is longer ends in `…`. Default: 400. */
  readonly chars?: number
}

/**
 * A report as one line.
 *
 * @example
 * ```ts
 * await startSupervisor(options, { onReport: (report) => console.error(formatReport(report)) })
 * // root/web child_terminated listener (x:4, permanent worker): error Error: EADDRINUSE
 * ```
 */
export function formatReport(report: Report, { depth = 2, chars = 400 }: ReportFormat = {}): string {
  const show = (value: unknown): string =>
    value instanceof Error
      ? `${value.name}: ${value.message}`
      : inspect(value, { depth, breakLength: Infinity })
  const line = [report.supervisor, report.type, ...words(report, show)].join(' ').replaceAll(/\s+/g, ' ')
  return line.length <= chars ? line : `${line.slice(0, Math.max(0, chars - 1))}…`
}

function words(report: Report, show: (value: unknown) => string): readonly string[] {
  switch (report.type) {
    case 'progress':
    case 'restarting':
      return [formatChild(report.child)]
    case 'child_terminated':
      return [`${formatChild(report.child)}:`, formatExit(report.reason, show)]
    case 'start_error':
      return [`${formatChild(report.child)}:`, show(report.error)]
    case 'shutdown_error': {
      const others = report.count === 1 ? '' : ` and ${report.count - 1} more`
      return [`${formatChild(report.child)}${others}:`, formatExit(report.reason, show)]
    }
    case 'shutdown':
      return [`${formatChild(report.child)}:`, report.reason]
    case 'unexpected_event':
      return [show(report.event)]
  }
}

function formatChild({ id, sessionId, restart, type }: Offender): string {
  return `${id} (${sessionId === undefined ? '' : `${sessionId}, `}${restart} ${type})`
}

function formatExit(exit: ExitReason, show: (value: unknown) => string): string {
  switch (exit.kind) {
    case 'normal':
    case 'killed':
      return exit.kind
    case 'shutdown':
      return exit.reason === undefined ? exit.kind : `shutdown ${show(exit.reason)}`
    case 'error':
      return `error ${show(exit.error)}`
  }
}
