import { standUp } from '../attach/agent-terminal.ts'
import { findTerminal } from '../attach/find-terminal.ts'
import { command, type Command } from '../command-line/command.ts'
import { SOME_MISSIONS } from '../command-line/words.ts'
import { forEach } from '../missions/for-each.ts'
import { print, printJson } from '../terminal/print.ts'

export const detach: Command = command({
  words: SOME_MISSIONS,
  flags: {},
  notes:
    'Everybody who is attached leaves, also who cannot any more. The mission goes on, and an agent without its terminal.',
  examples: [['detach agent', 'Free the terminal of the mission named agent']],
  run: async (words, { json }) =>
    forEach(words, detachAll, (id) =>
      json ? printJson({ id }) : print(`Detached everyone from mission ${id}\n`),
    ),
})

async function detachAll(reference: string): Promise<string> {
  const mission = await disconnectAll(reference)
  await standUp(mission)
  return mission
}

async function disconnectAll(reference: string): Promise<string> {
  using terminal = await findTerminal(reference)
  terminal.detachAll()
  // The answer says that it is done.
  for await (const news of terminal.news()) if (news.type === 'detached') break
  return terminal.mission
}
