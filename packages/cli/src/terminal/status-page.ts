import type { DaemonStatus } from '@overmind/client'
import { inert, type Paint, showBytes, showDuration } from '@overmind/daemon/text'

/** What `status` prints, line by line; the words before the colons are a contract. */
export function statusPage(status: DaemonStatus, paint: Paint): string[] {
  const { missions } = status
  const seldom = (['pending', 'stalled', 'restarting', 'killed'] as const).filter(
    (each) => missions[each] > 0,
  )
  return [
    paint('bold', 'Overmind Daemon'),
    `  PID: ${status.pid}`,
    `  Node: ${inert(status.host)} (${inert(status.node_version)})`,
    `  Uptime: ${showDuration(status.uptime_ms)}`,
    `  Memory: ${showBytes(status.memory_bytes)}`,
    `  Processes: ${status.processes}`,
    `  Version: ${inert(status.version)}`,
    `  Home: ${inert(status.home)}`,
    '',
    paint('bold', 'Missions'),
    `  Running: ${missions.running}`,
    `  Stopped: ${missions.stopped}`,
    `  Crashed: ${missions.crashed}`,
    ...seldom.map((each) => `  ${each.charAt(0).toUpperCase()}${each.slice(1)}: ${missions[each]}`),
    `  Total: ${missions.total}`,
  ]
}
