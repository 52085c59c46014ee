import type { Daemon } from './daemon.ts'
import type { Finding } from './finding.ts'

/** Whether missions can have control groups: only the daemon knows, since it depends on where that was started. */
export function checkCgroups(daemon: Daemon | null): Finding {
  const check = 'cgroups'
  if (daemon === null) {
    return { check, state: 'ok', detail: 'it depends on where the daemon is started; ask again when it runs' }
  }
  const { cgroups } = daemon.status
  if (cgroups.kind === 'none') {
    return {
      check,
      state: 'warning',
      detail: `run --custody cgroup and limits are refused: ${cgroups.reason}`,
    }
  }
  const { limits, reason } = cgroups
  const can = limits.length === 0 ? 'without limits' : `and limits of ${limits.join(', ')}`
  const detail = `missions that ask for it get a control group ${can}`
  return reason === null
    ? { check, state: 'ok', detail }
    : { check, state: 'warning', detail: `${detail}: ${reason}` }
}
