import type { Mission, Run } from '@overmind/core'

/** So much of the end of a log is looked through: whatever a ritual says of its newest times is there. Bytes. */
const LOOKED_AT = 64 * 1024

/** What has become of a time is settled: that it was put off, or waits, is not said here. */
const SETTLED = /^\[([^\]]+)\] (?:started|skipped|failed)\b/gm

/** The newest time of which the log of a ritual says that it was met or passed over; null when it says so of none. Milliseconds since 1970. */
export async function lastSettled(ritual: Mission, run: Run): Promise<number | null> {
  const length = ritual.outputFiles(run).find(({ stream }) => stream === 'output')?.bytes ?? 0
  const parts: Uint8Array[] = []
  for await (const part of ritual.output({ run, from: Math.max(0, length - LOOKED_AT), follow: false }))
    parts.push(part)
  const times = [...Buffer.concat(parts).toString('utf8').matchAll(SETTLED)]
    .map(([, at = '']) => Date.parse(at))
    .filter(Number.isFinite)
  return times.length === 0 ? null : Math.max(...times)
}
