import { createClient, type LogQuery, type OvermindClient } from '@overmind/client'
import { command, type Command } from '../command-line/command.ts'
import { flag, value } from '../command-line/flags.ts'
import { moment, whole } from '../command-line/values.ts'
import { ANY_MISSIONS } from '../command-line/words.ts'
import { logSink, type LogSink, type Speaker } from '../logs/sink.ts'
import { printJson } from '../terminal/print.ts'

interface Query extends LogQuery {
  readonly timestamps: boolean
}

export const logs: Command = command({
  words: ANY_MISSIONS,
  flags: {
    follow: flag('Go on with what is written, until the mission has exited', { short: 'f' }),
    since: value(
      'time',
      'Only what was written since: 10m, an ISO time, seconds since 1970',
      moment(Date.now),
    ),
    tail: value('n', 'Only so many last lines', whole(0), { short: 'n' }),
    timestamps: flag('When each line had been written', { short: 't' }),
    run: value('n', 'Only this run, counted from 1', whole(1)),
    raw: flag('What was written just as it was written: all control sequences, and the protocol of an agent'),
  },
  notes:
    'Without an id: all missions, each under a heading; with --since those that had not ended by then. On a terminal, control sequences other than colours are ' +
    'shown and not obeyed, because what a mission prints may be meant for your terminal; into a pipe or a file go ' +
    'the bytes as they were written.',
  examples: [
    ['logs tests', 'All the output of the mission named tests'],
    ['logs -f --tail 20 a b', 'The last lines of two missions, and those to come'],
    ['logs --since 10m -t', 'Of all missions, the last ten minutes with times'],
  ],
  run: async (words, { json, ...query }) => {
    const client = createClient()
    const missions = await chosen(client, words, query.since)
    if (json) return printLines(client, missions, query)
    const sink = logSink({ raw: query.raw, headed: words.length !== 1 })
    if (query.follow && missions.length > 1) return followAll(client, missions, query, sink)
    for (const mission of missions) {
      for await (const bytes of client.logs(mission.id, query)) sink.write(mission, bytes)
      sink.end(mission)
    }
  },
})

async function chosen(
  client: OvermindClient,
  refs: readonly string[],
  since: string | undefined,
): Promise<readonly Speaker[]> {
  if (refs.length > 0) return Promise.all(refs.map((ref) => client.get(ref)))
  const { missions } = await client.list({ all: true, fields: ['id', 'name', 'exited_at'] })
  // Thousands may have ended long ago: what they wrote need not be looked at.
  const from = since === undefined ? -Infinity : Date.parse(since)
  return missions.filter(({ exited_at: at }) => at === null || Date.parse(at) >= from)
}

async function printLines(
  client: OvermindClient,
  missions: readonly Speaker[],
  query: LogQuery,
): Promise<void> {
  const one = async ({ id }: Speaker): Promise<void> => {
    for await (const line of client.logLines(id, query)) printJson(line)
  }
  if (query.follow) await Promise.all(missions.map(one))
  else for (const mission of missions) await one(mission)
}

/** Several at once, whole lines only, so that no line is torn by another mission's. */
async function followAll(
  client: OvermindClient,
  missions: readonly Speaker[],
  query: Query,
  sink: LogSink,
): Promise<void> {
  await Promise.all(
    missions.map(async (mission) => {
      for await (const bytes of client.logs(mission.id, query)) sink.writeLines(mission, bytes)
      sink.end(mission)
    }),
  )
}
