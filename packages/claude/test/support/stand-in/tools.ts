/** The tools of the CLI that scripts use, run for real. */
import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { commandOf, type ToolCall } from './permissions.ts'

export interface ToolResult {
  readonly content: string
  readonly is_error: boolean
}

export interface ToolOptions {
  readonly sessionId: string
  /** Aborted: what runs is killed, and the promise is rejected with the signal's reason. */
  readonly signal: AbortSignal
}

export function isTool(name: string): boolean {
  return ['Bash', 'Read', 'Write'].includes(name)
}

export async function runTool(call: ToolCall, options: ToolOptions): Promise<ToolResult> {
  const path = String(call.input['file_path'])
  switch (call.name) {
    case 'Bash':
      return shell(commandOf(call), options)
    case 'Write':
      return file(
        writeFile(path, String(call.input['content'])),
        () => `File created successfully at: ${path}`,
      )
    case 'Read':
      return file(readFile(path, 'utf8'), (content) => content)
    default:
      return failed(`No such tool available: ${call.name}`)
  }
}

/** A file that cannot be had is told to the model. */
function file<T>(work: Promise<T>, told: (done: T) => string): Promise<ToolResult> {
  return work.then(
    (done) => ({ content: told(done), is_error: false }),
    (error: unknown) => failed(String(error)),
  )
}

function failed(sentence: string): ToolResult {
  return { content: `<tool_use_error>Error: ${sentence}</tool_use_error>`, is_error: true }
}

/** A session of its own, as the CLI gives it: it outlives a CLI that is killed. */
function shell(command: string, { sessionId, signal }: ToolOptions): Promise<ToolResult> {
  const child = spawn('/bin/sh', ['-c', command], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      CLAUDECODE: '1',
      CLAUDE_CODE_CHILD_SESSION: '1',
      CLAUDE_CODE_SESSION_ID: sessionId,
      CLAUDE_PID: String(process.pid),
    },
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      reject(signal.reason as Error)
    }
    signal.addEventListener('abort', abort, { once: true })
    child.once('error', reject)
    child.once('close', (code, killed) => {
      signal.removeEventListener('abort', abort)
      const said = [stdout.trimEnd(), stderr.trimEnd()].filter((part) => part !== '').join('\n')
      const lines = code !== 0 ? [`Exit code ${code ?? killed}`, said] : [said]
      const content = lines.filter((part) => part !== '').join('\n')
      resolve({ content: content || '(Bash completed with no output)', is_error: code !== 0 })
    })
  })
}
