/**
 * The keeper: a few lines of POSIX shell between the supervisor and a run, so that the supervisor may
 * die. It leads a session of its own, notes in the runs journal that it began, starts the command, waits
 * for it, notes how it ended, and ends with the same code. Its output is the run's output file, opened
 * for append; nothing it holds leads back to the supervisor.
 */
import type { MissionId, Run } from '../model/ids.ts'
import type { Environment } from '../model/spec.ts'
import { HOME_MARK, KEEPER_MARK, MISSION_MARK, NAME_MARK, RUN_MARK, withoutMarks } from './marks.ts'

/** The name by which a keeper shows itself in a process list, and by which it is recognised. */
const KEEPER_NAME = 'overmind-keeper'

/**
 * `trap :` and not `trap ''`: an ignored signal would stay ignored in the command. The line about the end
 * is tried until it is written, so that a full disk delays the news and does not lose it. Before the
 * command starts no variable is assigned but the one that it does not get: any other may be its own. The
 * twentieth field behind the name in `/proc/<pid>/stat` is when the process started.
 */
const SCRIPT = `trap : HUP INT QUIT TERM
b() { shift 19; echo "start $OVERMIND_MISSION_ID $OVERMIND_RUN $$ $1"; }
if [ -r /proc/$$/stat ]; then { read -r OVERMIND_KEEPER </proc/$$/stat; b \${OVERMIND_KEEPER##*) } >>"$OVERMIND_HOME/runs"; } 2>/dev/null
else { echo "start $OVERMIND_MISSION_ID $OVERMIND_RUN $$ -" >>"$OVERMIND_HOME/runs"; } 2>/dev/null; fi
(unset OVERMIND_KEEPER; unset -f b; exec "$@")
c=$? u=-
{ read -r u _ </proc/uptime; } 2>/dev/null
until { echo "exit $OVERMIND_MISSION_ID $OVERMIND_RUN $c $u" >>"$OVERMIND_HOME/runs"; } 2>/dev/null
do [ -d "$OVERMIND_HOME" ] || break; sleep 1; done
exit $c`

export interface KeeperOptions {
  readonly mission: MissionId
  readonly run: Run
  readonly name: string
  readonly home: string
  readonly cwd: string
  readonly argv: readonly [string, ...string[]]
  readonly env: Environment
  /** What a supervisor without a store needs to go on; readable by the same user only. */
  readonly copy: string
  /** The files its output is appended to; they may be the same. */
  readonly stdout: string
  readonly stderr: string
}

/** All that is needed to start a keeper. */
export interface KeeperProcess {
  readonly file: string
  readonly args: readonly string[]
  /** Only names that a shell can spell. */
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly stdout: string
  readonly stderr: string
}

const SHELL_VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/

export function keeperProcess(options: KeeperOptions): KeeperProcess {
  const { cwd, stdout, stderr } = options
  const env = withoutMarks(options.env)
  // A shell drops variables whose names it cannot spell, so `env` hands those to the command.
  const variables = Object.entries(env)
  const unspeakable = variables.filter(([name]) => !SHELL_VARIABLE.test(name))
  const prefix =
    unspeakable.length === 0 ? [] : ['env', ...unspeakable.map(([name, value]) => `${name}=${value}`)]
  return {
    file: '/bin/sh',
    args: ['-c', SCRIPT, KEEPER_NAME, ...prefix, ...options.argv],
    env: {
      ...Object.fromEntries(variables.filter(([name]) => SHELL_VARIABLE.test(name))),
      PWD: cwd,
      [MISSION_MARK]: options.mission,
      [NAME_MARK]: options.name,
      [RUN_MARK]: String(options.run),
      [HOME_MARK]: options.home,
      [KEEPER_MARK]: options.copy,
    },
    cwd,
    stdout,
    stderr,
  }
}

/** The command that a keeper's own command line shows it to keep, or null when it is not a keeper's. */
export function keptCommand(commandLine: readonly string[]): readonly string[] | null {
  return commandLine[3] === KEEPER_NAME && commandLine[1] === '-c' ? commandLine.slice(4) : null
}
