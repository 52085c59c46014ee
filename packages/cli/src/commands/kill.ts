import { createClient, ApiError, type MissionView, type OvermindClient } from '@overmind/client'
import { command, type Command } from '../command-line/command.ts'
import { flag } from '../command-line/flags.ts'
import { ANY_MISSIONS } from '../command-line/words.ts'
import { UsageError } from '../failures.ts'
import { forEach } from '../missions/for-each.ts'
import { print, printJson } from '../terminal/print.ts'

export const kill: Command = command({
  words: ANY_MISSIONS,
  flags: {
    all: flag('Every mission that has not exited'),
    cascade: flag('First all that belongs to it, children before their parents'),
  },
  notes: 'SIGKILL to all processes of the mission. It is gone from plain `ps`; its logs are kept.',
  examples: [
    ['kill tests', 'End the mission named tests at once'],
    ['kill --cascade lead', 'And all that it started, however deep'],
    ['kill --all', 'End everything'],
  ],
  run: async (words, { all, cascade, json }) => {
    if (!all && words.length === 0) throw new UsageError('<id>… is missing; --all is for every mission')
    if (all && words.length > 0)
      throw new UsageError('--all is for every mission: none may be named beside it')
    if (all && cascade) throw new UsageError('--all is for every mission: --cascade adds none')
    const client = createClient()
    const ending = all ? await living(client) : words
    return forEach(
      ending,
      (ref) => (all ? killed(client, ref) : client.kill(ref, { cascade })),
      (mission) => {
        if (mission === undefined) return
        if (json) printJson(mission)
        else print(`Killed mission ${mission.id}${cascade ? ' and all children' : ''}\n`)
      },
    )
  },
})

async function living(client: OvermindClient): Promise<readonly string[]> {
  const { missions } = await client.list({ fields: ['id', 'exited_at'] })
  return missions.filter(({ exited_at }) => exited_at === null).map(({ id }) => id)
}

/** Nobody named this one: when it has ended meanwhile, that is what was wanted. */
async function killed(client: OvermindClient, id: string): Promise<MissionView | undefined> {
  try {
    return await client.kill(id)
  } catch (error) {
    if (error instanceof ApiError && (error.code === 'not_running' || error.code === 'not_found'))
      return undefined
    throw error
  }
}
