import type { Description, MissionView } from '@overmind/client'
import { count, inert, type Paint, showBytes, showDuration } from '@overmind/daemon/text'
import { eventLine } from './event-line.ts'

/** Shown above, in words. */
const SAID = new Set(['command', 'cwd', 'type', 'provider', 'name'])

const LABEL = 12

/** What `describe` prints, line by line: what people ask first comes first. */
export function descriptionPage(
  description: Description,
  { now, paint }: { readonly now: number; readonly paint: Paint },
): string[] {
  const { mission, why, evidence, receipt, spec, events, output } = description
  const field = (label: string, text: string | null): string[] =>
    text === null ? [] : [`${paint('bold', (label === '' ? '' : `${label}:`).padEnd(LABEL))} ${inert(text)}`]
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', paint('bold', `${title}:`), ...lines.map((line) => `  ${line}`)]

  return [
    ...field('Mission', `${mission.name} (${mission.id})`),
    ...field('Status', statusOf(mission, now)),
    ...why.flatMap((sentence, index) => field(index === 0 ? 'Why' : '', sentence)),
    ...field('Command', mission.command),
    ...field('Folder', mission.cwd),
    ...field('Type', `${mission.type}, provider ${mission.provider}`),
    ...field('Process', mission.os_pid === null ? null : String(mission.os_pid)),
    ...field('Run', `${mission.run} (${count(mission.restart_count, 'restart')})`),
    ...field('Parent', mission.parent),
    ...field('Children', mission.children.length === 0 ? null : mission.children.join(', ')),
    ...field('Created', mission.created_at),
    ...field('Started', mission.started_at),
    ...field('Last output', mission.last_activity),
    ...field('Exited', mission.exited_at),
    ...section('Last output of the run that failed', evidence === null ? [] : block(evidence)),
    ...section('Ended with', receipt === null ? [] : receiptLines(receipt)),
    ...section('Described as', specLines(spec)),
    ...section(
      'Output',
      output.map(({ run, stream, path, bytes }) =>
        inert(`run ${run}, ${stream}: ${path} (${showBytes(bytes)})`),
      ),
    ),
    ...section(
      'Last events',
      events.map((event) => eventLine(event, new Map([[mission.id, mission.name]]), paint)),
    ),
  ]
}

function statusOf(mission: MissionView, now: number): string {
  const { status, exit_class, exit_code, exit_signal, started_at } = mission
  if (exit_class === null) {
    const runs = status === 'running' || status === 'stalled'
    return runs && started_at !== null
      ? `${status} for ${showDuration(now - Date.parse(started_at))}`
      : status
  }
  const code = exit_code === null ? [] : [`exit code ${exit_code}`]
  const signal = exit_signal === null ? [] : [exit_signal]
  const kind = exit_class === status ? [] : [exit_class]
  const details = [...kind, ...code, ...signal]
  return details.length === 0 ? status : `${status} (${details.join(', ')})`
}

function block(text: string): string[] {
  return text.replace(/\n$/, '').split(/\r?\n/).map(inert)
}

function receiptLines({ signals, strays, left }: NonNullable<Description['receipt']>): string[] {
  return [
    ...signals.map(({ signal, processes, at }) => `${signal} to ${count(processes, 'process')} at ${at}`),
    ...(strays > 0 ? [`${count(strays, 'process')} had left the process group`] : []),
    left.length === 0 ? 'no process left' : `could not be ended: ${left.join(', ')}`,
  ]
}

function specLines(spec: Description['spec']): string[] {
  return Object.entries(spec)
    .filter(([name, value]) => !SAID.has(name) && value !== null)
    .map(([name, value]) => inert(`${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`))
}
