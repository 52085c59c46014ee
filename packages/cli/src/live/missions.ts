import type { ListQuery, MissionView, OvermindClient } from '@overmind/client'

/**
 * The missions now, and again after each change, oldest first: a list, then the watch stream from its
 * revision; a new list when this reader fell behind. Ends with the daemon or the signal.
 */
export async function* liveMissions(
  client: OvermindClient,
  query: ListQuery,
): AsyncGenerator<readonly MissionView[], void, undefined> {
  for (;;) {
    const { revision, missions } = await client.list(query)
    const known = new Map(missions.map((mission) => [mission.id, mission]))
    yield [...known.values()]
    for await (const message of client.watch(revision, query)) {
      if (message.type === 'list_again') break
      if (message.type === 'put') known.set(message.mission.id, message.mission)
      else known.delete(message.id)
      yield [...known.values()]
    }
  }
}
