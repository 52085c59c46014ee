/**
 * Starts keepers from a small process instead of from this one. Forking a Node process copies its page
 * tables, which takes longer the more memory it has and stops everything else in it meanwhile. So a
 * shell of its own does it: it reads commands from a pipe, starts each in a session of its own, and ends
 * when the pipe does. What it is told, it is told in words quoted for a shell; nothing else reads them.
 *
 * It answers nothing: that a keeper runs is known from what the keeper writes itself.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import type { KeeperProcess } from './keeper.ts'
import type { Home } from './home.ts'
import { LAUNCHER_MARK } from './marks.ts'
import { quote } from './quote.ts'
import type { RunRef } from './run-ref.ts'

export interface Launcher {
  launch(ref: RunRef, keeper: KeeperProcess): void
  /** Ends the launcher at once, which is a failure: what it has not begun it never will. */
  abort(): void
  /** Ends it; settles when all that it was told is done. What it has started goes on. */
  close(): Promise<void>
}

export interface LauncherOptions {
  /** The runs journal of which home: a launcher says so in its environment. */
  readonly home: Home
  /** Some of what was launched may never have begun. */
  readonly onFailure: (failure: LaunchFailure) => void
}

export interface LaunchFailure {
  readonly reason: string
  /** Where unfinished children are; null when there are none. */
  readonly session: number | null
  /** The one run that it is about; null when it is about all. */
  readonly ref: RunRef | null
}

export function createLauncher(options: LauncherOptions): Launcher {
  const setsid = findSetsid()
  return setsid === undefined ? createNodeLauncher(options) : createShellLauncher(setsid, options)
}

/** The program of util-linux: its `-f` makes it not wait, so that the launcher can go on. */
function findSetsid(): string | undefined {
  const places = ['/usr/bin/setsid', '/bin/setsid', '/run/current-system/sw/bin/setsid']
  return places.find((path) => spawnSync(path, ['-f', 'true'], { stdio: 'ignore' }).status === 0)
}

function createShellLauncher(setsid: string, { home, onFailure }: LauncherOptions): Launcher {
  let shell: ChildProcess | undefined

  function open(): ChildProcess {
    // Of a session of its own, so that a Ctrl-C in our terminal is not for it.
    const child = spawn('/bin/sh', [], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      env: { [LAUNCHER_MARK]: home.path },
    })
    const fail = (reason: string): void => {
      if (shell !== child) return
      shell = undefined
      onFailure({ reason, session: child.pid ?? null, ref: null })
    }
    child.on('error', (error) => fail(`the launcher could not be started: ${error.message}`))
    child.on('exit', (code, signal) => fail(`the launcher ended with ${signal ?? code}`))
    child.stdin?.on('error', (error) => fail(`the launcher cannot be reached: ${error.message}`))
    child.unref()
    if (child.stdin !== null && canUnref(child.stdin)) child.stdin.unref()
    return child
  }

  return {
    launch: (ref, keeper) => {
      shell ??= open()
      shell.stdin?.write(shellRequest(setsid, home, ref, keeper))
    },
    abort: () => void shell?.kill('SIGKILL'),
    close: () => {
      const ending = shell
      shell = undefined
      if (ending === undefined || ending.exitCode !== null) return Promise.resolve()
      ending.ref()
      return new Promise((resolve) => {
        ending.once('exit', () => resolve())
        ending.stdin?.end()
      })
    },
  }
}

/** Pipes of children can, though their type does not say so. */
function canUnref(stream: object): stream is { unref(): void } {
  return 'unref' in stream
}

/** For systems without that program: slower, and otherwise the same. */
export function createNodeLauncher({ onFailure }: Pick<LauncherOptions, 'onFailure'>): Launcher {
  return {
    launch: (ref, { file, args, env, cwd, stdout, stderr }) => {
      const redirect = `exec "$@" </dev/null >>${quote(stdout)} 2>>${quote(stderr)}`
      const child = spawn('/bin/sh', ['-c', redirect, 'sh', file, ...args], {
        cwd,
        env,
        detached: true,
        stdio: 'ignore',
      })
      child.on('error', ({ message }) =>
        onFailure({ reason: `a process could not be started: ${message}`, session: null, ref }),
      )
      child.unref()
    },
    abort: () => onFailure({ reason: 'a process did not begin in time', session: null, ref: null }),
    close: () => Promise.resolve(),
  }
}

function shellRequest(setsid: string, home: Home, { mission, run }: RunRef, keeper: KeeperProcess): string {
  const { file, args, env, cwd, stdout, stderr } = keeper
  const variables = Object.entries(env).map(([name, value]) => `${name}=${quote(value)}`)
  const words = [file, ...args].map(quote)
  const errors = stderr === stdout ? '2>&1' : `2>>${quote(stderr)}`
  const start = `exec ${setsid} -f ${words.join(' ')} </dev/null >>${quote(stdout)} ${errors}`
  const request = `cd ${quote(cwd)} && unset OLDPWD ${LAUNCHER_MARK} && export ${variables.join(' ')} && ${start}`
  return `(${request}) || echo "refused ${mission} ${run} $?" >>${quote(home.runs)}\n`
}
