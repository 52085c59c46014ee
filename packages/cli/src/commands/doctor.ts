import { realpath } from 'node:fs/promises'
import { resolveHome } from '@overmind/client'
import { type Colour, inert } from '@overmind/daemon/text'
import { command, type Command } from '../command-line/command.ts'
import { flag } from '../command-line/flags.ts'
import { NO_WORDS } from '../command-line/words.ts'
import { print, printJson } from '../terminal/print.ts'
import { painter } from '../terminal/terminal.ts'
import { checkAgents } from './doctor/agents.ts'
import { checkCgroups } from './doctor/cgroups.ts'
import { askDaemon, checkDaemon } from './doctor/daemon.ts'
import { checkConfig } from './doctor/config.ts'
import type { CheckOptions, Finding } from './doctor/finding.ts'
import { checkHome } from './doctor/home.ts'
import { checkDisk, checkNode, checkOutputLimit, checkProcesses } from './doctor/installation.ts'
import { checkLeftovers } from './doctor/leftovers.ts'
import { markedProcesses } from './doctor/processes.ts'

const COLOURS: Readonly<Record<Finding['state'], Colour>> = {
  ok: 'green',
  warning: 'yellow',
  problem: 'red',
  fixed: 'yellow',
}

export const doctor: Command = command({
  words: NO_WORDS,
  flags: {
    fix: flag('Close files to other users, end processes left by dead missions'),
  },
  notes: 'Works with and without a daemon, and starts none. Exits with 1 when there is a problem left.',
  examples: [
    ['doctor', 'Look at Node, home, settings, daemon, disk, processes and agents'],
    ['doctor --fix', 'And repair what can be repaired'],
  ],
  run: async (_, { fix, json }) => {
    const findings = await examine({ home: resolveHome(), fix })
    const healthy = findings.every(({ state }) => state !== 'problem')
    const paint = painter()
    if (json) printJson({ healthy, findings })
    else {
      const lines = findings.map(({ check, state, detail }) =>
        [paint(COLOURS[state], state.padEnd(7)), check.padEnd(12), inert(detail)].join('  '),
      )
      print(`${lines.join('\n')}\n`)
    }
    return healthy ? 0 : 1
  },
})

async function examine(options: CheckOptions): Promise<Finding[]> {
  // Missions know their home by its real path.
  const home = await realpath(options.home).catch(() => options.home)
  const processes = markedProcesses(home)
  const daemon = await askDaemon(options)
  const answer: readonly Finding[] =
    daemon !== null && 'check' in daemon
      ? [daemon]
      : [
          await checkDaemon(daemon, options),
          await checkLeftovers(processes, daemon, { ...options, home }),
          checkCgroups(daemon),
        ]
  return [
    checkNode(),
    await checkHome(options),
    await checkConfig(options),
    ...answer,
    ...(await Promise.all([checkDisk(options), checkOutputLimit(), checkProcesses(), checkAgents()])),
  ]
}
