/** Somebody who asks by the `overmind` command. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  ApiError,
  ConnectionFailed,
  DaemonNotRunning,
  type Pruned,
  type Reloaded,
  type StartRequest,
} from '@overmind/client'
import type { Command } from './command.ts'
import { tomlOf } from './toml.ts'
import type { User } from './user.ts'

export interface CommandUserOptions {
  readonly command: Command
  readonly home: string
  readonly socket: string
}

export function commandUser({ command, home, socket }: CommandUserOptions): User {
  let files = 0

  /** What it prints as JSON. @throws what the client library would have thrown */
  async function ask<T>(name: string, args: readonly string[], signal: AbortSignal | undefined): Promise<T> {
    const { code, stdout, stderr } = await command([name, '--json', ...args], signal)
    // The one place where what is printed gets its type.
    if (code === 0) return (stdout === '' ? undefined : JSON.parse(stdout)) as T
    throw failureOf(stderr, socket)
  }

  return {
    start(request, { signal }) {
      const { command: line = [] } = request
      const words = typeof line === 'string' ? [line] : ['--exec', ...line]
      return ask('run', [...flagsOf(request), ...words], signal)
    },
    stop: (ref, { signal, timeoutMs }) =>
      ask('stop', [...(timeoutMs === undefined ? [] : ['--timeout', `${timeoutMs}ms`]), ref], signal),
    kill: (ref, { signal, cascade = false }) => ask('kill', [...(cascade ? ['--cascade'] : []), ref], signal),
    restart: (ref, { signal }) => ask('restart', [ref], signal),
    remove: (ref, { signal }) => ask('rm', [ref], signal),
    send: (ref, text, { signal }) => ask('send', [ref, text], signal),
    interrupt: (ref, { signal }) => ask('interrupt', [ref], signal),
    prune: ({ signal, olderThanMs } = {}) =>
      ask<Pruned>('prune', olderThanMs === undefined ? [] : ['--older-than', `${olderThanMs}ms`], signal),
    reload: ({ signal } = {}) => ask<Reloaded>('reload', [], signal),
    async applyPipeline({ document }, { signal }) {
      const file = join(home, `blueprint-${(files += 1)}.toml`)
      await writeFile(file, tomlOf(document))
      return ask('apply', [file], signal)
    },
    scalePipeline: (name, replicas, { signal }) =>
      ask('scale', [name, ...Object.entries(replicas).map(([agent, count]) => `${agent}=${count}`)], signal),
    takeDown: (name, { signal }) => ask('down', [name], signal),
  }
}

/** What the client library would have thrown. */
function failureOf(stderr: string, socket: string): Error {
  const last = stderr.trim().split('\n').at(-1) ?? ''
  if (last.startsWith('Daemon not running')) return new DaemonNotRunning(socket)
  const [, detail = stderr, code = 'internal'] = /^Error: (.*) \((\w+)\)$/.exec(last) ?? []
  if (code === 'connection_failed') return new ConnectionFailed(detail)
  // A code that is none shows in the counts.
  return new ApiError({ code: code as ApiError['code'], detail, status: 0 })
}

function flagsOf(request: StartRequest): readonly string[] {
  const flags = {
    name: request.name,
    type: request.type,
    restart: request.restart,
    retries: request.retries,
    'max-restarts': request.max_restarts,
    backoff: inMs(request.backoff_ms),
    timeout: inMs(request.timeout_ms),
    'stop-timeout': inMs(request.stop_timeout_ms),
    priority: request.priority,
    colony: request.colony,
    parent: request.parent,
    'on-parent-exit': request.on_parent_exit,
    'on-exit': request.on_exit,
  }
  return [
    ...(request.terminal === undefined ? [] : ['--tty']),
    ...Object.entries(flags).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, String(value)],
    ),
  ]
}

const inMs = (time: number | undefined): string | undefined => (time === undefined ? undefined : `${time}ms`)
