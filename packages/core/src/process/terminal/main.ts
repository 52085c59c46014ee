/**
 * The terminal program: what a keeper keeps when its command is to run on a terminal. It gives the command a terminal
 * of its own, and keeps its screen, its log and its recording, and the socket that people attach to. It depends on no supervisor,
 * and ends when the command does, with the code that a shell would give.
 */
import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { OvermindError } from '../../model/errors.ts'
import type { TerminalSize } from '../../model/spec.ts'
import { MISSION_MARK, NAME_MARK, RUN_MARK } from '../marks.ts'
import { withPrivateMask } from '../private-mask.ts'
import { noteAttached } from './attached.ts'
import { createClients } from './clients.ts'
import { logTo } from './log-file.ts'
import { openPty, type Pty } from './pty.ts'
import { TERMINAL_PROTOCOL } from './protocol.ts'
import { openRecording } from './recording.ts'
import { createScreen } from './screen.ts'
import { parseSettings, TERMINAL_MARK } from './settings.ts'

/** What a shell ends with when it cannot execute a program: such an end is not tried again. */
const NOT_EXECUTED = 126
/** `EX_TEMPFAIL` of sysexits: the system was short of something. */
const NOT_NOW = 75
/** A line that has stood still for so long is taken for one. Milliseconds. */
const SETTLE_MS = 500
/** Output is taken in pieces, so that what leads from one screen to the next is small. Bytes. */
const PIECE = 4096
/** The program waits when so much of its output has not been seen, until half of it has. Bytes. */
const MOST_UNSEEN = 256 * 1024

/** They are for the command, which gets them by itself: this program ends with it, and not before. */
const NOT_OURS = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGABRT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGPIPE',
  'SIGALRM',
  'SIGTERM',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGVTALRM',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
] as const satisfies readonly NodeJS.Signals[]

/** Variables that speak of the terminal of whoever started the mission. */
const OF_ANOTHER_TERMINAL = ['COLUMNS', 'LINES', 'TERMCAP', 'TMUX', 'TMUX_PANE', 'STY', 'WINDOW', 'WINDOWID']

for (const signal of NOT_OURS) process.on(signal, () => {})
try {
  await keep(process.argv.slice(2))
} catch (error) {
  const known = error instanceof OvermindError ? `${error.message} (${error.code})` : String(error)
  process.stderr.write(`overmind: ${known}\n`)
  const isMeant = error instanceof OvermindError || error instanceof TypeError
  process.exit(isMeant ? NOT_EXECUTED : NOT_NOW)
}

async function keep([file, ...args]: readonly string[]): Promise<void> {
  const settings = parseSettings(process.env[TERMINAL_MARK])
  const [mission, run] = [process.env[MISSION_MARK], process.env[RUN_MARK]]
  if (file === undefined || mission === undefined)
    throw new TypeError('a keeper names a command and a mission')
  const env = environment(settings.hidden)
  const cwd = process.env['PWD'] ?? process.cwd()
  // A path from here has no length of its own, and the longest path of a socket is short.
  process.chdir(settings.folder)
  const [socketName, attachedName] = [mission, `${mission}.attached`]
  for (const name of [socketName, attachedName]) rmSync(name, { force: true })

  let unseen = 0
  let paused = false
  let settling: NodeJS.Timeout | undefined
  let looks = 0
  let over: { readonly code: number } | undefined
  const ended = Promise.withResolvers<number>()

  const screen = createScreen({
    size: settings.size,
    // Its own output is the file that its keeper opened.
    onText: logTo(1),
    // A person's own terminal answers for itself.
    onAnswer: (answer) => {
      if (clients.attached().control === 0) pty?.type(Buffer.from(answer))
    },
  })
  const recording = openRecording({
    path: settings.recording,
    limitBytes: settings.recordingLimitBytes,
    title: process.env[NAME_MARK] ?? mission,
    term: env['TERM'] ?? '',
    size: () => screen.size,
    redraw: () => Buffer.concat([screen.redraw(), screen.unfinished()]),
  })
  const clients = createClients({
    welcome: () => ({
      version: TERMINAL_PROTOCOL,
      mission,
      name: process.env[NAME_MARK] ?? mission,
      run: Number(run),
      ...screen.size,
    }),
    redraw: screen.redraw,
    unfinished: screen.unfinished,
    type: (bytes) => pty?.type(bytes) ?? true,
    resize,
    size: () => screen.size,
    onAttached: (attached) => {
      noteAttached(attachedName, attached)
      recording.touch()
    },
  })
  const server = createServer((socket) => clients.add(socket))
  let pty: Pty | undefined
  const listening = new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    // Node would take an id of digits alone for the number of a port.
    withPrivateMask(() => server.listen(`./${socketName}`, resolve))
  })

  function resize(size: TerminalSize): void {
    pty?.resize(size)
    screen.resize(size)
    recording.resized(size)
  }

  function onOutput(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += PIECE) {
      const piece = bytes.subarray(at, at + PIECE)
      unseen += piece.length
      screen.write(piece, () => onSeen(piece))
    }
    if (!paused && unseen > MOST_UNSEEN) {
      paused = true
      pty?.pause()
    }
  }

  function onSeen(piece: Uint8Array): void {
    recording.output(piece)
    clients.output(piece)
    settleSoon()
    unseen -= piece.length
    if (paused && unseen < MOST_UNSEEN / 2) {
      paused = false
      pty?.resume()
    }
    if (over !== undefined && unseen === 0) ended.resolve(over.code)
  }

  /** Two looks after the last output: lines that are the same in both stand still. */
  function settleSoon(): void {
    looks = 2
    settling ??= setTimeout(look, SETTLE_MS)
  }

  function look(): void {
    screen.settle()
    looks -= 1
    settling = looks > 0 ? setTimeout(look, SETTLE_MS) : undefined
  }

  await listening
  pty = await openPty(executed(file, args), {
    size: settings.size,
    cwd,
    env,
    onOutput,
    onTaken: () => clients.taken(),
    onExit: ({ code, signal }) => {
      over = { code: signal === 0 ? code : 128 + signal }
      if (unseen === 0) ended.resolve(over.code)
    },
  })

  const code = await ended.promise
  clearTimeout(settling)
  screen.end()
  await clients.exit(code)
  recording.close()
  server.close()
  for (const name of [socketName, attachedName]) rmSync(name, { force: true })
  process.exit(code)
}

/** By way of `env`, which ends with 127 when there is no such program; one with `=` in its name it would misunderstand. */
function executed(file: string, args: readonly string[]): readonly [string, ...string[]] {
  return file.includes('=') ? [file, ...args] : ['/usr/bin/env', '--', file, ...args]
}

function environment(hidden: Readonly<Record<string, string>>): Record<string, string> {
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && entry[0] !== TERMINAL_MARK && !OF_ANOTHER_TERMINAL.includes(entry[0]),
  )
  const env = Object.fromEntries([...inherited, ...Object.entries(hidden)])
  // What is drawn here is drawn for a terminal like xterm, whatever the mission was started on.
  return { ...env, TERM: env['TERM']?.startsWith('xterm') === true ? env['TERM'] : 'xterm-256color' }
}
