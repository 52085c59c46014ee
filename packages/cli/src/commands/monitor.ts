import { createClient, type DaemonStatus, type MissionView, type OvermindClient } from '@overmind/client'
import { missionTable } from '@overmind/daemon/text'
import { command, type Command } from '../command-line/command.ts'
import { NO_WORDS } from '../command-line/words.ts'
import { liveMissions } from '../live/missions.ts'
import { paced } from '../live/paced.ts'
import { showLive } from '../live/screen.ts'
import { printJson } from '../terminal/print.ts'
import { statusPage } from '../terminal/status-page.ts'
import { painter } from '../terminal/terminal.ts'

/** The daemon's own figures change without an event: they are asked for with each change, and now and then. */
const PACE = { pauseMs: 250, repeatMs: 2000 }

interface Snapshot {
  readonly status: DaemonStatus
  readonly missions: readonly MissionView[]
}

export const monitor: Command = command({
  words: NO_WORDS,
  flags: {},
  notes: 'Ends with Ctrl-C.',
  examples: [
    ['monitor', 'Watch the daemon and its missions'],
    ['monitor --json', 'A line of JSON with status and missions, again and again'],
  ],
  run: async (_, { json }) => {
    const client = createClient()
    if (json) {
      for await (const state of snapshots(client)) printJson(state)
      return
    }
    const paint = painter()
    await showLive(snapshots(client), ({ status, missions }, size) => [
      ...statusPage({ ...status, uptime_ms: Date.now() - Date.parse(status.started_at) }, paint),
      '',
      ...missionTable(missions, { now: Date.now(), paint, ...size }),
    ])
  },
})

async function* snapshots(client: OvermindClient): AsyncGenerator<Snapshot, void, undefined> {
  for await (const missions of paced(liveMissions(client, {}), PACE)) {
    yield { status: await client.status(), missions }
  }
}
