import { readFileSync } from 'node:fs'
import { createClient } from '@overmind/client'
import { count } from '@overmind/daemon/text'
import { command, type Command } from '../command-line/command.ts'
import { flag } from '../command-line/flags.ts'
import { NO_WORDS } from '../command-line/words.ts'
import { findDaemon } from '../daemon/start-daemon.ts'
import { CommandError } from '../failures.ts'
import { print, printJson } from '../terminal/print.ts'

/** From the daemon's answer to the end of its process. */
const LAST_BREATH_MS = 10_000
const LOOK_AGAIN_MS = 10

export const shutdown: Command = command({
  words: NO_WORDS,
  flags: { keep: flag('Leave missions running; the next daemon adopts them') },
  notes: 'Running missions are asked to end and killed when they do not. Does nothing when no daemon runs.',
  examples: [
    ['shutdown', 'Stop all missions, then the daemon'],
    ['shutdown --keep && overmind start', 'Restart the daemon under running missions'],
  ],
  run: async (_, { keep, json }) => {
    const running = await findDaemon()
    if (running === null) {
      if (json) printJson({ stopped: 0 })
      else print('Daemon is not running\n')
      return
    }
    const client = createClient()
    const { stopped } = await client.shutdown({ keep })
    await ended(running.pid)
    if (json) printJson({ stopped })
    else
      print(
        `Daemon stopped (PID ${running.pid})${stopped === 0 ? '' : `, ${count(stopped, 'mission')} stopped`}\n`,
      )
  },
})

/** So that a daemon started next finds the socket and the store free. */
async function ended(pid: number): Promise<void> {
  for (let waited = 0; isAlive(pid); waited += LOOK_AGAIN_MS) {
    if (waited > LAST_BREATH_MS) {
      throw new CommandError('timeout', `the daemon (PID ${pid}) has stopped its work but does not exit`)
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
  }
}

/** A dead process may stay in the table for seconds, until init has looked after it. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}
