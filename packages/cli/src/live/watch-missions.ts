import type { ListQuery, OvermindClient } from '@overmind/client'
import { missionTable } from '@overmind/daemon/text'
import { printJson } from '../terminal/print.ts'
import { painter } from '../terminal/terminal.ts'
import { liveMissions } from './missions.ts'
import { showLive } from './screen.ts'

/** The table of `ps`, kept up to date until Ctrl-C; as JSON, the watch stream behind the list it begins with. */
export async function watchMissions(
  client: OvermindClient,
  query: ListQuery,
  { json, tree }: { readonly json: boolean; readonly tree: boolean },
): Promise<void> {
  if (json) return printWatch(client, query)
  const paint = painter()
  await showLive(liveMissions(client, query), (missions, size) =>
    missionTable(missions, { now: Date.now(), paint, tree, ...size }),
  )
}

async function printWatch(client: OvermindClient, query: ListQuery): Promise<void> {
  for (;;) {
    const { revision, missions } = await client.list(query)
    for (const mission of missions) printJson({ type: 'put', revision, mission })
    for await (const message of client.watch(revision, query)) {
      printJson(message)
      if (message.type === 'list_again') break
    }
  }
}
