/** A Claude CLI, the real one or the stand-in, that a test talks to line by line. */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { globSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { end, processesWith } from '../../../core/test/support/processes.ts'
import type { Usage } from './script.ts'

export interface Program {
  readonly path: string
  readonly env: Readonly<Record<string, string>>
}

/** One line of its output, or an entry of a transcript: the fields that tests look at. */
export interface CliEvent {
  readonly type: string
  readonly subtype?: string
  readonly uuid?: string
  readonly state?: string
  readonly command_uuid?: string
  readonly model?: string
  readonly permissionMode?: string
  readonly message?: { readonly model: string; readonly content: readonly Content[] }
  readonly tool_name?: string
  readonly user_message_uuids?: readonly string[]
  readonly resume_reason?: string
  readonly aborted?: boolean
  readonly isReplay?: boolean
  readonly isSynthetic?: boolean
  readonly isMeta?: boolean
  readonly error?: string
  readonly error_status?: number | null
  readonly attempt?: number
  readonly max_retries?: number
  readonly api_error_status?: number | null
  readonly api_error_type?: string
  readonly api_error?: string
  readonly is_error?: boolean
  readonly terminal_reason?: string
  readonly num_turns?: number
  readonly result_index?: number
  readonly result?: string
  readonly errors?: readonly string[]
  readonly permission_denials?: readonly { readonly tool_name: string; readonly tool_input: object }[]
  readonly total_cost_usd?: number
  readonly usage?: Usage
  readonly model_usage_since_last_result?: Readonly<Record<string, ModelUsage>>
  readonly request_id?: string
  readonly request?: { readonly subtype: string; readonly tool_name?: string; readonly input?: object }
  readonly response?: ControlResponse
  readonly rate_limit_info?: {
    readonly status: string
    readonly resetsAt: number
    readonly rateLimitType: string
    readonly utilization?: number
  }
}

export interface Content {
  readonly type: string
  readonly text?: string
  readonly thinking?: string
  readonly name?: string
  readonly input?: object
  readonly content?: string
  readonly is_error?: boolean
}

export interface ModelUsage {
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cacheReadInputTokens: number
  readonly cacheCreationInputTokens: number
  readonly costUSD: number
}

interface ControlResponse {
  readonly subtype: string
  readonly request_id: string
  readonly error?: string
  readonly error_code?: string
  readonly response?: { readonly session_state?: string }
  readonly pending_permission_requests?: readonly CliEvent[]
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
}

export interface CliRun {
  readonly pid: number
  /** What it printed so far. */
  readonly events: readonly CliEvent[]
  send(line: object | string): void
  /** The first event from number `from` on that matches; rejected when it ends without one. */
  until(matches: (event: CliEvent) => boolean, from?: number): Promise<CliEvent>
  closeInput(): void
  kill(signal: NodeJS.Signals): void
  readonly exited: Promise<Exit>
}

export interface Lab extends AsyncDisposable {
  readonly cwd: string
  readonly config: string
  /** What a CLI gets, and nothing of the person's. */
  readonly env: Readonly<Record<string, string>>
  start(args: readonly string[], env?: Readonly<Record<string, string>>): CliRun
  /** Entries of a conversation's file; empty as long as there is none. */
  transcript(sessionId: string): readonly CliEvent[]
}

export interface LabOptions {
  readonly program: Program
  /** The only place it can reach. */
  readonly apiUrl: string
}

/** A home of its own, in which nothing of the person's is seen and nothing is sent anywhere but to the API. */
export function openLab({ program, apiUrl }: LabOptions): Lab {
  const root = mkdtempSync(join(tmpdir(), 'overmind-claude-'))
  const [cwd, home, tmp, run] = ['cwd', 'home', 'tmp', 'run'].map((name) => join(root, name)) as [
    string,
    string,
    string,
    string,
  ]
  const config = join(home, '.claude')
  for (const folder of [cwd, config, tmp, run]) mkdirSync(folder, { recursive: true, mode: 0o700 })
  const base = {
    PATH: process.env['PATH'] ?? '',
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    HOME: home,
    CLAUDE_CONFIG_DIR: config,
    TMPDIR: tmp,
    CLAUDE_CODE_TMPDIR: tmp,
    XDG_RUNTIME_DIR: run,
    ANTHROPIC_BASE_URL: apiUrl,
    ANTHROPIC_API_KEY: 'test-key',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_TELEMETRY: '1',
    DISABLE_AUTOUPDATER: '1',
    DISABLE_ERROR_REPORTING: '1',
    CLAUDE_CODE_MAX_RETRIES: '1',
    CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS: '1',
    ...program.env,
  }
  const runs: CliRun[] = []
  return {
    cwd,
    config,
    env: base,
    start(args, env = {}) {
      const started = start(program.path, args, { cwd, env: { ...base, ...env } })
      runs.push(started)
      return started
    },
    transcript(sessionId) {
      const [file] = globSync(join(config, 'projects', '*', `${sessionId}.jsonl`))
      if (file === undefined) return []
      // The last piece is empty, or a line that is being written.
      const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
      return lines.map((line) => JSON.parse(line) as CliEvent)
    },
    async [Symbol.asyncDispose]() {
      for (const each of runs) each.kill('SIGKILL')
      await Promise.all(runs.map(({ exited }) => exited))
      // Tools of a CLI that was killed.
      for (const pid of processesWith(`CLAUDE_CONFIG_DIR=${config}`)) end(pid)
      await rm(root, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

function start(
  path: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): CliRun {
  const child = spawn(path, args, options)
  const events: CliEvent[] = []
  const waiting = new Set<() => void>()
  const wake = (): void => waiting.forEach((look) => look())
  let over = false
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  // It may end before it has read everything.
  child.stdin.on('error', () => undefined)
  createInterface({ input: child.stdout }).on('line', (line) => {
    events.push(line.startsWith('{') ? (JSON.parse(line) as CliEvent) : { type: 'text', result: line })
    wake()
  })
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      over = true
      resolve({ code, signal, stderr })
      wake()
    })
  })
  return {
    pid: child.pid ?? 0,
    events,
    send: (line) => void child.stdin.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`),
    until(matches, from = 0) {
      return new Promise((resolve, reject) => {
        const look = (): void => {
          const found = events.slice(from).find(matches)
          if (!found && !over) return
          waiting.delete(look)
          if (found) resolve(found)
          else reject(new Error(`it ended after ${JSON.stringify(events)}\n${stderr}`))
        }
        waiting.add(look)
        look()
      })
    },
    closeInput: () => void child.stdin.end(),
    kill: (signal) => void child.kill(signal),
    exited,
  }
}

/** The options of a session that Overmind drives. */
export const session = [
  '-p',
  '--input-format',
  'stream-json',
  '--output-format',
  'stream-json',
  '--verbose',
  '--model',
  'claude-opus-5-5',
] as const

/** The options of a task. */
export const task = [
  '-p',
  '--output-format',
  'stream-json',
  '--verbose',
  '--model',
  'claude-opus-5-5',
] as const

export function message(text: string, uuid: string = randomUUID()): object {
  const content = [{ type: 'text', text }]
  return { type: 'user', message: { role: 'user', content }, parent_tool_use_id: null, uuid }
}

export function control(subtype: string, fields: object = {}, request_id: string = randomUUID()): object {
  return { type: 'control_request', request_id, request: { subtype, ...fields } }
}

/** What the host answers to a request for permission. */
export function verdict({ request_id }: CliEvent, response: object): object {
  return { type: 'control_response', response: { subtype: 'success', request_id, response } }
}
