import { createClient } from '@overmind/client'
import { command, type Command } from '../command-line/command.ts'
import { flag, value } from '../command-line/flags.ts'
import { text, whole } from '../command-line/values.ts'
import { NO_WORDS } from '../command-line/words.ts'
import { withDaemon } from '../daemon/with-daemon.ts'
import { CommandError, UsageError } from '../failures.ts'
import { readVersion } from '../version.ts'

export const mcp: Command = command({
  words: NO_WORDS,
  flags: {
    as: value('id', 'Act for this mission (default: the one that this runs in)', text),
    all: flag('See and touch all missions, not only those that belong to its own'),
    'max-children': value('n', 'How many missions of its own may be alive at a time (default: 20)', whole(1)),
    'max-depth': value('n', 'How deep below a mission without a parent it may start (default: 3)', whole(1)),
    'may-approve': flag('May answer what its missions ask permission for'),
  },
  notes:
    'Speaks the Model Context Protocol on stdin and stdout, and ends when stdin does: for the settings of an agent, not ' +
    'for people. What it starts belongs to the mission that it acts for and gets its own environment and folder. ' +
    'Outside of a mission say for which one it acts, or --all; then it starts the daemon when there is none.',
  examples: [
    ['mcp', 'In the settings of an agent that is a mission'],
    ['mcp --as lead --max-children 5', 'For an agent that is not, in the name of one that is'],
    ['mcp --all', 'For your own agent: every mission of this machine'],
  ],
  run: async (_, given) => {
    if (given.json) throw new UsageError('what mcp prints is its protocol: --json has no place here')
    const own = process.env['OVERMIND_MISSION_ID']
    const inside = own !== undefined && own !== ''
    if (!inside && given.as === undefined && !given.all) {
      throw new CommandError(
        'no_mission',
        'this does not run in a mission (there is no OVERMIND_MISSION_ID): say for which it acts with --as <id>, or --all',
      )
    }
    // From inside a mission none is started: it would be a process of that mission, and end with it.
    if (!inside) await withDaemon(() => createClient().status())
    // The name that was given may be another's tomorrow.
    const self = given.as === undefined ? (inside ? own : null) : (await createClient().get(given.as)).id
    const { serve } = await import('../mcp/serve.ts')
    await serve({
      self,
      reach: given.all ? 'all' : 'family',
      limits: {
        ...(given['max-children'] === undefined ? {} : { maxChildren: given['max-children'] }),
        ...(given['max-depth'] === undefined ? {} : { maxDepth: given['max-depth'] }),
      },
      mayApprove: given['may-approve'],
      version: readVersion(),
    })
  },
})
