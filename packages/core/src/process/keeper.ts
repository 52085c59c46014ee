/**
 * The keeper: a few lines of POSIX shell between the supervisor and a run, so that the supervisor may
 * die. It leads a session of its own, notes in the runs journal that it began, starts the command, waits
 * for it, notes how it ended, and ends with the same code. Its output is the run's output file, opened
 * for append; nothing it holds leads back to the supervisor.
 */
import { spawnSync } from 'node:child_process'
import type { MissionId, Run } from '../model/ids.ts'
import type { Environment } from '../model/spec.ts'
import {
  CGROUP_MARK,
  HOME_MARK,
  KEEPER_ENV_MARK,
  KEEPER_MARK,
  MISSION_MARK,
  NAME_MARK,
  RUN_MARK,
  withoutMarks,
} from './marks.ts'
import { quote } from './quote.ts'

/** The name by which a keeper shows itself in a process list, and by which it is recognised. */
const KEEPER_NAME = 'overmind-keeper'

/** What a keeper is refused with that could not join its control group. No shell says so of a program that it cannot start. */
export const NOT_IN_GROUP = 125

/** The files through which a run that talks is told something, see `input-feed.ts`. */
const INPUT = '"$OVERMIND_HOME/input/$OVERMIND_MISSION_ID.$OVERMIND_RUN'

/**
 * For runs that talk, around the rest. Both pipes are held open for reading and writing, so that none of them ever
 * ends by itself. The loop is the only one that writes to the command's stdin, one whole request at a time. The command
 * opens its stdin anew: one that does not want to be blocked by it would otherwise not let the loop be blocked either,
 * which would then lose what does not fit. What was told is noted before anything else is, however long a full disk delays it:
 * another supervisor would tell it again. What a full disk has cut it off in stays a line of its own.
 */
const TALK = {
  open: `command -p mkfifo -m 600 ${INPUT}.requests" ${INPUT}.stdin"
exec 4<>${INPUT}.requests" 5<>${INPUT}.stdin"
`,
  loop: `(while IFS= read -r l <&4; do k=\${l%% *} m=\${l#* } p=
case $m in =*) m=\${m#=}; printf '%s\\n' "\${m%.}" >&5;; @*) command -p cat "$OVERMIND_HOME/input/\${m#@}" >&5;; esac
until printf '%s\\n' "$p$k" >>${INPUT}.told"; do p='
'; [ -d "$OVERMIND_HOME" ] || break; command -p sleep 1; done; done) 3>&- &
`,
  stdin: ` 4<&- 5<&- 0<>${INPUT}.stdin"`,
  close: `kill -9 $!; wait $!
`,
} as const

const NO_TALK: Readonly<Record<keyof typeof TALK, string>> = { open: '', loop: '', stdin: '', close: '' }

/**
 * `trap :` and not `trap ''`: an ignored signal would stay ignored in the command. What the shell itself
 * has to say (`Terminated`) is not the command's output, so the command's stderr is put aside as 3 for it.
 * Before the command starts no variable is assigned but those that it does not get: any other may be its
 * own. It joins its control group before it does anything else, so that nothing of the run is ever
 * outside of it; `0` is the shell itself. The line about the end is tried until it is written, so that a
 * full disk delays the news and does not lose it. The twentieth field behind the name in `/proc/<pid>/stat` is when the process started.
 */
function script({ open, loop, stdin, close }: Readonly<Record<keyof typeof TALK, string>>): string {
  return `exec 3>&2 2>/dev/null
[ -z "$OVERMIND_CGROUP" ] || echo 0 >"$OVERMIND_CGROUP/cgroup.procs" || {
echo "refused $OVERMIND_MISSION_ID $OVERMIND_RUN ${NOT_IN_GROUP}" >>"$OVERMIND_HOME/runs"; exit 1; }
trap : HUP INT QUIT ABRT USR1 USR2 PIPE ALRM TERM XCPU XFSZ VTALRM PROF
${open}b() { shift 19; echo "start $OVERMIND_MISSION_ID $OVERMIND_RUN $$ $1"; }
if [ -r /proc/$$/stat ]; then read -r OVERMIND_KEEPER </proc/$$/stat; b \${OVERMIND_KEEPER##*) } >>"$OVERMIND_HOME/runs"
else echo "start $OVERMIND_MISSION_ID $OVERMIND_RUN $$ -" >>"$OVERMIND_HOME/runs"; fi
${loop}(unset -f b; unset OVERMIND_KEEPER OVERMIND_CGROUP
eval 'unset OVERMIND_KEEPER_ENV; exec '"\${OVERMIND_KEEPER_ENV:+/usr/bin/env $OVERMIND_KEEPER_ENV}"' "$@" 2>&3 3>&-${stdin}')
c=$? u=-
${close}read -r u _ </proc/uptime
until echo "exit $OVERMIND_MISSION_ID $OVERMIND_RUN $c $u" >>"$OVERMIND_HOME/runs"
do [ -d "$OVERMIND_HOME" ] || break; sleep 1; done
exit $c`
}

const SCRIPT = script(NO_TALK)
const TALK_SCRIPT = script(TALK)

export interface KeeperOptions {
  readonly mission: MissionId
  readonly run: Run
  readonly name: string
  readonly home: string
  readonly cwd: string
  readonly argv: readonly [string, ...string[]]
  readonly env: Environment
  /** Variables on top of these that are not the command's. */
  readonly own?: Readonly<Record<string, string>>
  /** What a supervisor without a store needs to go on; readable by the same user only. */
  readonly copy: string
  /** The files its output is appended to; they may be the same. */
  readonly stdout: string
  readonly stderr: string
  /** Whether it is told things while it runs; if not, it has no input. */
  readonly talks: boolean
  /** The folder of its control group; null when it has none. */
  readonly cgroup: string | null
}

/** All that is needed to start a keeper. */
export interface KeeperProcess {
  readonly file: string
  readonly args: readonly string[]
  /** Only names that a shell leaves alone. */
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly stdout: string
  readonly stderr: string
}

/** Names that a shell can spell and has no use of its own for: these pass through it untouched. */
const PLAIN =
  /^(?!(?:IFS|OPTIND|OPTARG|PPID|PS[0-9]|LINENO|MAIL\w*|FUNCNAME|HIST\w*|RANDOM|SECONDS|UID|EUID|GROUPS|SHELLOPTS|BASH\w*)$)[A-Za-z_][A-Za-z0-9_]*$/

export function isPlainVariable(name: string): boolean {
  return PLAIN.test(name)
}

export function keeperProcess(options: KeeperOptions): KeeperProcess {
  const { cwd, stdout, stderr } = options
  const variables = Object.entries(withoutMarks(options.env))
  const others = unusual(variables.filter(([name]) => !isPlainVariable(name)))
  return {
    file: '/bin/sh',
    args: ['-c', options.talks ? TALK_SCRIPT : SCRIPT, KEEPER_NAME, ...options.argv],
    env: {
      ...Object.fromEntries(variables.filter(([name]) => isPlainVariable(name))),
      PWD: cwd,
      [MISSION_MARK]: options.mission,
      [NAME_MARK]: options.name,
      [RUN_MARK]: String(options.run),
      [HOME_MARK]: options.home,
      [KEEPER_MARK]: options.copy,
      ...(options.cgroup === null ? {} : { [CGROUP_MARK]: options.cgroup }),
      ...options.own,
      ...others,
    },
    cwd,
    stdout,
    stderr,
  }
}

/**
 * Variables that no shell may touch are handed to the command by `env`, at the last moment. A command line can be read by
 * everybody, so it names variables of the keeper in which they are, each whole, and `env` looks them up.
 */
function unusual(variables: readonly (readonly [string, string])[]): Record<string, string> {
  if (variables.length === 0) return {}
  const pairs = variables.map(([name, value]) => `${name}=${value}`)
  if (!envLooksUp()) return { [KEEPER_ENV_MARK]: `-- ${pairs.map(quote).join(' ')}` }
  const held = pairs.map((pair, index) => [`${KEEPER_ENV_MARK}_${index}`, pair] as const)
  const unset = held.map(([name]) => `-u ${name}`).join(' ')
  const lookedUp = held.map(([name]) => `\${${name}}`).join(' ')
  return { ...Object.fromEntries(held), [KEEPER_ENV_MARK]: `${unset} -S '-- ${lookedUp}'` }
}

let looksUp: boolean | undefined

/** As those of GNU and BSD do, and that of BusyBox does not. */
function envLooksUp(): boolean {
  const env = { PATH: '/usr/bin:/bin', ONE: 'a.b=c' }
  looksUp ??= spawnSync('/usr/bin/env', ['-u', 'ONE', '-S', '-- ${ONE}', 'true'], { env }).status === 0
  return looksUp
}

/** Whether the program of this command line only puts a keeper in its own place, as the one does that gives it its session. */
export function becomesKeeper(commandLine: readonly string[]): boolean {
  return commandLine.some((_, index) => index > 0 && keptCommand(commandLine.slice(index)) !== null)
}

/** The command that a keeper's own command line shows it to keep, or null when it is not a keeper's. */
export function keptCommand(commandLine: readonly string[]): readonly string[] | null {
  return commandLine[3] === KEEPER_NAME && commandLine[1] === '-c' ? commandLine.slice(4) : null
}
