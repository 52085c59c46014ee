import { command, type Command } from '../command-line/command.ts'
import { flag, value } from '../command-line/flags.ts'
import { DEFAULT_DETACH_KEYS, detachKeys } from '../attach/detach-keys.ts'
import { CommandError } from '../failures.ts'
import { isInteractive } from '../terminal/terminal.ts'

export const attach: Command = command({
  words: { usage: '<id>', least: 1, most: 1, kind: 'mission' },
  flags: {
    'read-only': flag('Watch, and type nothing'),
    interrupt: flag('Do not wait for the end of what an agent is doing'),
    'detach-keys': value('keys', `What you leave with (default: ${DEFAULT_DETACH_KEYS})`, detachKeys),
  },
  notes:
    'Puts you in front of the terminal of a mission that runs on one (`overmind run --tty`). Detaching leaves it running. ' +
    'An agent is put on its own terminal at the end of its turn, and goes on without one when you leave; messages wait meanwhile. ' +
    'Several people may be attached at once. Works while the daemon is down.',
  examples: [
    ['attach agent', 'Type into the mission named agent'],
    ['attach --read-only agent', 'Watch it'],
    ['attach --detach-keys ctrl-p,ctrl-q agent', 'Leave with Ctrl-P Ctrl-Q'],
  ],
  run: async ([reference = ''], { 'read-only': readOnly, 'detach-keys': keys, interrupt }) => {
    mustBeInteractive(readOnly)
    const { findTerminal } = await import('../attach/find-terminal.ts')
    const { sitDown, standUp } = await import('../attach/agent-terminal.ts')
    const { attach } = await import('../attach/attach.ts')
    const agent = readOnly ? null : await sitDown(reference, { interrupt })
    try {
      const code = await attach(await findTerminal(reference), {
        mode: readOnly ? 'watch' : 'control',
        keys: keys ?? detachKeys(DEFAULT_DETACH_KEYS),
      })
      return agent === null ? code : 0
    } finally {
      if (agent !== null) await standUp(agent)
    }
  },
})

/** @throws CommandError `not_interactive` */
export function mustBeInteractive(readOnly: boolean): void {
  if (readOnly || isInteractive()) return
  throw new CommandError(
    'not_interactive',
    'to type into a mission takes a terminal, and stdin or stdout is none here: watch with --read-only, or use overmind logs -f',
  )
}
