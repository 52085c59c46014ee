import { command, type Command } from '../command-line/command.ts'
import { NO_WORDS } from '../command-line/words.ts'
import { findDaemon, startDaemon } from '../daemon/start-daemon.ts'
import { print, printJson } from '../terminal/print.ts'

export const start: Command = command({
  words: NO_WORDS,
  flags: {},
  notes:
    'Missions that outlived an earlier daemon are adopted. `overmind run` starts the daemon by itself when there ' +
    'is none.',
  examples: [
    ['start', 'Start the daemon of ~/.overmind'],
    ['start --json', 'The same, for a script'],
  ],
  run: async (_, { json }) => {
    const running = await findDaemon()
    const { pid, ours } = running === null ? await startDaemon() : { pid: running.pid, ours: false }
    if (json) printJson({ pid, started: ours })
    else print(ours ? `Daemon started (PID ${pid})\n` : 'Daemon is already running\n')
  },
})
