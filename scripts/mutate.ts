/**
 * How well the tests of the pure decisions notice mistakes: makes one small mistake at a time in the
 * sources, runs the unit tests that concern it, and puts the source back. Prints what no test noticed.
 *
 * `nice -n 19 node scripts/mutate.ts [word…]`: all mutants, or those whose file or text contains a word. Some
 * minutes; not part of the check. A file that could not be put back, because the script was killed, is
 * put back by the next start.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

interface Suite {
  readonly folder: string
  /** The quick tests, and those that are asked only when these notice nothing. */
  readonly tests: readonly [string, string]
}
interface Mutant {
  readonly file: string
  readonly from: string
  readonly to: string
  readonly tests: readonly string[]
}

const root = new URL('..', import.meta.url).pathname
const backups = join(root, 'node_modules/.cache/mutate')

const mission: Suite = {
  folder: 'packages/core/src/mission/',
  tests: ['machine exits restart gate mission-actor', 'mission-model fleet'],
}
const talks: Suite = {
  folder: 'packages/core/src/mission/',
  tests: ['conversation.test', 'conversation-model'],
}
const slots: Suite = {
  folder: 'packages/core/src/',
  tests: ['slots.test', 'mission-model'],
}
const supervisor: Suite = {
  folder: 'packages/core/src/supervisor/',
  tests: ['supervisor/decisions', 'supervisor/'],
}

/** File, then pairs of what stands there, once, and the mistake. */
const MUTATIONS: readonly (readonly [Suite, string, readonly (readonly [string, string])[]])[] = [
  [
    mission,
    'policy/restart.ts',
    [
      ["return policy === 'always'", "return policy !== 'never'"],
      ["return policy !== 'never'", "return policy === 'always'"],
      ["    case 'permanent':\n", ''],
      ["    case 'budget':\n", ''],
      ["    case 'rate-limited':\n", ''],
      ["    case 'failed-to-start':\n", ''],
      ['spent >= limits.maxRestarts', 'spent > limits.maxRestarts'],
      ['limits.maxRestarts > 0 && ', ''],
      ['at > clock - windowMs', 'at >= clock - windowMs'],
      ['budget.clock + Math.max(0, ranMs)', 'budget.clock + ranMs'],
      ['[...budget.charged, budget.clock]', '[budget.clock]'],
      ['backoff(limits.backoffMs, spent, random)', 'backoff(limits.backoffMs, spent + 1, random)'],
      [
        'Math.min(BACKOFF_CAP_MS, baseMs * 2 ** Math.min(restarts, 40))',
        'baseMs * 2 ** Math.min(restarts, 40)',
      ],
      ['(1 - JITTER * random())', '(1 + JITTER * random())'],
    ],
  ],
  [
    mission,
    'policy/classify.ts',
    [
      ["verdict('killed', `", "verdict('stopped', `"],
      ['code === NOT_FOUND && !success', 'code === NOT_FOUND'],
      ['code === NOT_EXECUTABLE && !success', 'code === NOT_EXECUTABLE'],
      ['if (judgement !== undefined) return', 'if (judgement !== undefined && !success) return'],
      ['if (signal !== null) return', 'if (signal === null) return'],
      [
        "case 'leftovers':\n    case undefined:",
        "      return verdict('stopped', how)\n    case 'leftovers':\n    case undefined:",
      ],
    ],
  ],
  [
    mission,
    'policy/conclude.ts',
    [
      ["ending?.reason === 'restart'", "ending?.reason === 'stop'"],
      ["(ending === null || ending.reason === 'leftovers')", 'ending === null'],
      ['before !== null && before.terminal !== null', 'before !== null'],
      ["exitClass !== 'crashed' || judgement?.kind === 'passing'", "exitClass !== 'crashed'"],
      ["|| conversation.memory === 'none')", ')'],
      ['stuck?.reason === reason ? stuck.times + 1 : 1', '(stuck?.times ?? 0) + 1'],
      ['stuck.times < SAME_FAILURES', 'stuck.times <= SAME_FAILURES'],
      ['if (!wantsRestart(spec.restart, verdict.class))', 'if (wantsRestart(spec.restart, verdict.class))'],
      ["exit.kind === 'lost' && exit.cause === 'reboot'", "exit.kind === 'lost'"],
      ["verdict.class === 'rate-limited' && judgement", 'judgement'],
      ["limited !== null && spec.onLimit === 'wait'", 'limited !== null'],
      ['spec.maxSeconds * 1000', 'spec.maxSeconds'],
      ['        budget: answer.budget,\n', '        budget,\n'],
      ['        charged: true,', '        charged: false,'],
    ],
  ],
  [
    mission,
    'policy/gate.ts',
    [
      ["(asks === 'waiting' || queue === 0)", 'queue === 0'],
      ["(asks === 'waiting' || queue === 0)", "asks === 'waiting'"],
      ['Math.max(closed, queue)', 'closed'],
      ['left(gate.passed, LEAST_SPACING_MS)', 'left(gate.passed)'],
      ['left(gate.place, SPACING_MS)', 'left(gate.place)'],
      ['Math.max(left(gate.limit?.until), ', 'Math.max('],
      ["waited && phase === 'running.starting'", 'waited'],
      ['before === null ? isWaiting(phase) : ', ''],
      ['until > met.at', 'until >= met.at'],
      ['Math.max(SHORTEST_MS, until - now.wall)', 'until - now.wall'],
      ['2 ** Math.min(strikes, 10)', '1'],
      ['since ? last.strikes + 1 : last.strikes', 'last.strikes + 1'],
      ['wait + jitter', 'wait - jitter'],
    ],
  ],
  [
    slots,
    'mission/policy/turn.ts',
    [
      ['a.priority > b.priority', 'a.priority < b.priority'],
      ['mine.atWork < theirs.atWork', 'mine.atWork > theirs.atWork'],
      ['mine.served < theirs.served', 'mine.served > theirs.served'],
      ['a.since < b.since', 'a.since > b.since'],
      ['(taken.get(group) ?? 0) + 1', 'taken.get(group) ?? 0'],
      ['served.set(group, turn)', 'served.delete(group)'],
    ],
  ],
  [
    slots,
    'runtime/slots.ts',
    [
      ['takenOf(scope) >= (limits', 'takenOf(scope) > (limits'],
      ['!called.has(id) && fullOf', 'fullOf'],
      ['if (holding.has(id)) return\n', ''],
      [" || phase === 'restarting.backoff'", ''],
      ['if (!worked) {', 'if (worked) {'],
      ['if (before === null && state.startedAt !== null) serve', 'if (false) serve'],
      ['callNext()\n    },\n    forget', '},\n    forget'],
      ['if (!opened || calling) return', 'if (calling) return'],
      [' && before.queuedAt === state.queuedAt', ''],
    ],
  ],
  [
    mission,
    'signal.ts',
    [
      ["  'restart',\n  'unanswered',\n", "  'unanswered',\n  'restart',\n"],
      ["  'trouble',\n  'restart',\n", "  'restart',\n  'trouble',\n"],
      ["  'budget',\n  'unhealthy',\n", "  'unhealthy',\n  'budget',\n"],
      ["  'unhealthy',\n  'stall',\n", "  'stall',\n  'unhealthy',\n"],
      ['RUNGS.indexOf(a) >= RUNGS', 'RUNGS.indexOf(a) <= RUNGS'],
      ["rung === 'part' || rung === 'interrupt' ?", "rung === 'part' ?"],
      ["  'stall',\n  'deadline',\n", "  'deadline',\n  'stall',\n"],
      ["  'deadline',\n  'team-restart',\n", "  'team-restart',\n  'deadline',\n"],
      ["  'parent',\n  'stop',\n", "  'stop',\n  'parent',\n"],
      ["  'stop',\n  'kill',\n", "  'kill',\n  'stop',\n"],
      ['>= PRECEDENCE.indexOf(b)', '<= PRECEDENCE.indexOf(b)'],
    ],
  ],
  [
    mission,
    'machine.ts',
    [
      [
        "isSilent: ({ context, event }) =>\n      event.type === 'timer' &&\n      event.name === 'activity' &&\n      event.quietMs >= (",
        "isSilent: ({ context, event }) =>\n      event.type === 'timer' &&\n      event.name === 'activity' &&\n      event.quietMs > (",
      ],
      ['      event.nudges &&\n      event.quietMs >= (', '      event.nudges &&\n      event.quietMs > ('],
      ['nudgeMs(context.spec) - graceMs(context.spec)', 'nudgeMs(context.spec)'],
      ['(activityTimeoutMs ?? 0) / 2', 'activityTimeoutMs ?? 0'],
      ['Math.min(1000, nudgeMs(spec) / 2)', 'nudgeMs(spec) / 2'],
      ['event.parts && rests(context)', 'rests(context)'],
      ['conversation.last?.run === run && ', ''],
      [" && conversation.messages.every(({ state }) => state === 'queued')", ''],
      ['begins ? ending.timeoutMs / 2', 'begins ? ending.timeoutMs'],
      ["event.name === 'rung' && context.ending?.rung === 'kill'", "event.name === 'rung'"],
      ["onLastRung: ({ context }) => context.ending?.rung === 'kill'", 'onLastRung: () => false'],
      ["event.type === 'stop' && context.ending?.reason === 'stop'", "event.type === 'stop'"],
      ['endWanted: ({ context }) => context.ending !== null', 'endWanted: () => false'],
      [
        "leavesProcesses: ({ event }) => event.type === 'exited' && event.left > 0",
        'leavesProcesses: () => false',
      ],
      ["event.left > 0 && conclusion({ context, event }).kind !== 'exit'", 'event.left > 0'],
      ['      event.retry &&\n', ''],
      ['      context.ending === null &&\n', ''],
      ["chargeRestart(context.budget, context.spec, () => event.random).kind === 'granted'", 'true'],
      ['higherRung(rung, current.rung)', 'rung'],
      ['timeoutMs ?? current?.timeoutMs ?? context', 'timeoutMs ?? context'],
      ['ask: timeoutMs, kill: GIVE_UP_MS', 'ask: timeoutMs, kill: timeoutMs'],
      ['{ interrupt: timeoutMs / 2, ', '{ interrupt: timeoutMs, '],
      ["ask: spec.stopSignal, kill: 'SIGKILL'", "ask: 'SIGTERM', kill: 'SIGKILL'"],
      ['context.ended !== null) return {}', 'context.ended === undefined) return {}'],
      ['timers: rung === undefined ? {} : { rung }', 'timers: {}'],
      ["ending?.reason === 'restart' ? ending : null", 'null'],
      ["event.by === 'team' ? placeAt", "event.by !== 'team' ? placeAt"],
      ["'run' in signal && signal.run !== state.run", "'run' in signal && signal.run > state.run"],
      ['Math.max(1, limit - event.quietMs)', 'limit'],
    ],
  ],
  [
    talks,
    'conversation.ts',
    [
      [
        "turn === 'idle' && messages.length === 0 && last !== null && background === 0",
        "turn === 'idle' && messages.length === 0 && last !== null",
      ],
      [
        "turn === 'idle' && messages.length === 0 && last !== null && background === 0",
        "turn === 'idle' && last !== null && background === 0",
      ],
      ["state === 'taken' && turn === 'busy'", "state === 'taken'"],
      ["if (memory === 'closed') settleSilently", "if (memory !== 'open') settleSilently"],
      ["memory === 'open' && goOn === null", "memory === 'open'"],
      ['cutOff ?? { run, from, to }', '{ run, from, to }'],
      ["state !== 'handed' && conversation.heard > from", 'conversation.heard > from'],
      ["if (message?.state !== 'handed') return", 'if (message === undefined) return'],
      ["state !== 'queued' && mayBeToldAgain", "state !== 'queued'"],
      ['known === id || known === goOn', 'known === id'],
      ['told.run > 0 && named', 'named'],
      ['Math.max(0, fact.runCostUsd - runCostUsd)', 'fact.runCostUsd'],
      ['!ok && !interrupted && trouble !== null', '!ok && trouble !== null'],
      ["return restart !== 'never'", 'return true'],
      ['ask === undefined || ask.verdict !== null) return', 'ask === undefined) return'],
      ['at + askTimeoutMs > draft.setting.now', 'at + askTimeoutMs >= draft.setting.now'],
      ["return !talk.turns || messages.every(({ state }) => state === 'queued')", 'return true'],
      ['!conversation.acknowledges && run > 0', 'run > 0'],
      ["turn === 'starting' && trouble?.kind === 'permanent'", "trouble?.kind === 'permanent'"],
    ],
  ],
  [
    supervisor,
    'intensity.ts',
    [
      ['one.at >= at - maxSeconds', 'one.at > at - maxSeconds'],
      ['total > maxRestarts', 'total >= maxRestarts'],
      ['Math.floor(now)', 'now'],
      ['maxSeconds * 1000', 'maxSeconds'],
      ['last.count + 1', 'last.count'],
    ],
  ],
  [
    supervisor,
    'strategy.ts',
    [
      ['return !isClean(exit)', 'return isClean(exit)'],
      ['all.slice(all.indexOf(ended))', 'all.slice(all.indexOf(ended) + 1)'],
      ['return [...children]\n', 'return [ended]\n'],
      ['if (!ended.significant) return false\n', ''],
      ['if (significant && alive)', 'if (significant)'],
      ['if (significant && alive)', 'if (alive)'],
      ['return brutally', 'return true'],
      ['(exit.reason === undefined && !brutally)', 'exit.reason === undefined'],
      ["    case 'normal':\n      return restart !== 'permanent'", "    case 'normal':\n      return true"],
    ],
  ],
]

function* mutants(): Generator<Mutant> {
  for (const [{ folder, tests }, name, pairs] of MUTATIONS) {
    for (const [from, to] of pairs) {
      yield {
        file: folder + name,
        from,
        to,
        tests: tests.map((names) =>
          names
            .split(' ')
            .map((test) => `packages/core/test/unit/${test}`)
            .join(' '),
        ),
      }
    }
  }
}

/** The backup is there exactly as long as the source may be wrong. */
const backupOf = (file: string): string => join(backups, file.replaceAll('/', '%'))

function restore(): void {
  if (!existsSync(backups)) return
  for (const name of readdirSync(backups)) {
    if (name.endsWith('.part')) rmSync(join(backups, name))
    else renameSync(join(backups, name), join(root, name.replaceAll('%', '/')))
  }
}

function mutate({ file, from, to }: Mutant): void {
  const path = join(root, file)
  const source = readFileSync(path, 'utf8')
  if (source.split(from).length !== 2) throw new RangeError(`${file} does not contain once: ${from}`)
  // Whole before it counts, so that what is put back is what was there.
  writeFileSync(`${backupOf(file)}.part`, source)
  renameSync(`${backupOf(file)}.part`, backupOf(file))
  writeFileSync(
    path,
    source.replace(from, () => to),
  )
}

/** Whether a test fails; one that does not end has noticed, too. */
function notices(tests: string, signal: AbortSignal): Promise<boolean> {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const args = [vitest, 'run', '--project', 'unit', '--bail', '1', ...tests.split(' ')]
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: root, timeout: 120_000, signal }, (error) =>
      resolve(error !== null),
    )
  })
}

const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => interrupted.abort())
}
process.once('exit', restore)

mkdirSync(backups, { recursive: true })
restore()
const words = process.argv.slice(2)
const wanted = [...mutants()].filter(
  ({ file, from, to }) =>
    words.length === 0 ||
    words.some((word) => file.includes(word) || from.includes(word) || to.includes(word)),
)
for (const suite of new Set(wanted.flatMap(({ tests }) => tests))) {
  if (await notices(suite, interrupted.signal)) {
    if (interrupted.signal.aborted) process.exit(130)
    process.stderr.write(`Without any mistake a test fails of: ${suite}\n`)
    process.exit(2)
  }
}
const survivors: Mutant[] = []
let done = 0
for (const mutant of wanted) {
  let noticed = false
  mutate(mutant)
  for (const tests of mutant.tests) noticed ||= await notices(tests, interrupted.signal)
  restore()
  if (interrupted.signal.aborted) break
  done += 1
  if (noticed) continue
  survivors.push(mutant)
  process.stdout.write(`survives: ${mutant.file}\n  - ${mutant.from.trim()}\n  + ${mutant.to.trim()}\n`)
}
process.stdout.write(`${done - survivors.length} of ${done} mistakes are noticed\n`)
process.exit(interrupted.signal.aborted ? 130 : survivors.length === 0 ? 0 : 1)
