/** How a run on a terminal is started: its keeper keeps the terminal program, and that the command. */
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { OvermindError } from '../../model/errors.ts'
import type { Environment } from '../../model/spec.ts'
import type { Home } from '../home.ts'
import type { Launch } from '../host.ts'
import { TERMINAL_MARK, type TerminalSettings } from './settings.ts'

/** It is at rest nearly always, and there is one for each mission on a terminal. */
const NODE_FLAGS = ['--max-semi-space-size=2']

/** What Node reads before any program could prevent it. */
const HIDDEN = [
  'NODE_OPTIONS',
  'NODE_DEBUG',
  'NODE_DEBUG_NATIVE',
  'NODE_V8_COVERAGE',
  'NODE_PENDING_DEPRECATION',
]

export interface TerminalLaunch {
  readonly argv: readonly [string, ...string[]]
  /** To be added to the environment of the keeper. */
  readonly own: Readonly<Record<string, string>>
}

/** What the keeper of a run on a terminal starts. */
export function terminalLaunch(
  launch: Launch,
  argv: readonly [string, ...string[]],
  home: Home,
): TerminalLaunch {
  const { mission, run, env, outputLimitBytes } = launch
  const settings: TerminalSettings = {
    size: launch.size,
    recording: home.recordingFile(mission, run),
    recordingLimitBytes: outputLimitBytes,
    folder: home.terminals,
    hidden: hiddenOf(env),
  }
  const program = programFile()
  // Sources run as they are, and find each other by this condition.
  const conditions = program.endsWith('.ts') ? ['--conditions=overmind-source'] : []
  const unset = HIDDEN.flatMap((name) => ['-u', name])
  const node = [process.execPath, ...NODE_FLAGS, ...conditions]
  return {
    argv: ['/usr/bin/env', ...unset, ...node, program, ...argv],
    own: { [TERMINAL_MARK]: JSON.stringify(settings) },
  }
}

/** Of this version or of another: a mission outlives upgrades. */
const PROGRAM = /\/process\/terminal\/main\.[jt]s$/

/** Whether a command line is that of the terminal program, which is a part of the keeper. */
export function isTerminalProgram(commandLine: readonly string[]): boolean {
  return commandLine.some((word) => PROGRAM.test(word))
}

/** The command that a keeper keeps on a terminal, from what it starts. */
export function commandOnTerminal(kept: readonly string[]): readonly string[] {
  return kept.slice(kept.findIndex((word) => PROGRAM.test(word)) + 1)
}

/** @throws OvermindError `terminal_unavailable` when the package that opens terminals is not installed */
export function checkTerminals(): void {
  try {
    createRequire(programFile()).resolve('node-pty')
  } catch (cause) {
    throw terminalUnavailable(cause)
  }
}

export function terminalUnavailable(cause: unknown): OvermindError {
  return new OvermindError(
    'terminal_unavailable',
    'a mission on a terminal needs the package node-pty, which is compiled when Overmind is installed: ' +
      'install python3, make and a C++ compiler, and then Overmind again',
    { cause },
  )
}

let program: string | undefined

function programFile(): string {
  return (program ??= fileURLToPath(import.meta.resolve('@overmind/core/terminal-program')))
}

function hiddenOf(env: Environment): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => HIDDEN.includes(name)))
}
