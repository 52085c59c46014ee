#!/usr/bin/env node
/**
 * Stands in for the Claude CLI where tests must be fast: the same command line, the same stream of JSON, the
 * same exit codes and the same file on disk, as far as Overmind relies on them. What the model says is
 * scripted in the prompt (`script.ts`), without a network. `test/real` compares it with the real one.
 *
 * Environment: what the CLI knows (`CLAUDE_CONFIG_DIR`, `ANTHROPIC_API_KEY`, `CLAUDE_CODE_OAUTH_TOKEN`,
 * `CLAUDE_CODE_MAX_RETRIES`, `CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS`, `CLAUDE_CODE_RESUME_INTERRUPTED_TURN`,
 * `CLAUDE_CODE_RESUME_REASON`) and `STAND_IN_VERSION`, which it says it is.
 */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import type { Verdict } from './stand-in/asks.ts'
import { type ControlRequest, type Conversation, openConversation } from './stand-in/conversation.ts'
import { type Model, openModel } from './stand-in/model.ts'
import { openMoney } from './stand-in/money.ts'
import { type Options, readOptions, UsageError } from './stand-in/options.ts'
import { openOutput } from './stand-in/output.ts'
import { openTranscript } from './stand-in/transcript.ts'

/** Empty counts as unset. */
const env = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''))
const version = env['STAND_IN_VERSION'] ?? '2.1.330'

try {
  const options = readOptions(process.argv.slice(2))
  if (options.command === 'version') process.stdout.write(`${version} (Claude Code)\n`)
  else await main(options)
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}

async function main(options: Options): Promise<void> {
  const sessionId = options.resume ?? options.sessionId ?? randomUUID()
  const config = env['CLAUDE_CONFIG_DIR'] ?? join(homedir(), '.claude')
  const transcript = openTranscript({ config, cwd: process.cwd(), sessionId })
  if (options.sessionId !== undefined && transcript.found !== 'no file') {
    throw new UsageError(`Error: Session ID ${sessionId} is already in use.`)
  }
  if (options.permissionMode === 'bypassPermissions' && process.getuid?.() === 0 && !env['IS_SANDBOX']) {
    throw new UsageError(
      '--dangerously-skip-permissions cannot be used with root/sudo privileges for security reasons',
    )
  }
  const prompt =
    options.command === 'task' ? (options.prompt ?? (await text(process.stdin)).trim()) : undefined
  if (prompt === '') {
    throw new UsageError(
      'Error: Input must be provided either through stdin or as a prompt argument when using --print',
    )
  }

  const money = openMoney(transcript.cost)
  const output = openOutput({
    sessionId,
    states: env['CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS'] === '1' ? 'told' : 'untold',
    write: printer(options),
  })
  if (options.resume !== undefined && transcript.found !== 'conversation') {
    const sentence = `No conversation found with session ID: ${sessionId}`
    output.event({
      type: 'result',
      subtype: 'error_during_execution',
      is_error: true,
      num_turns: 0,
      stop_reason: null,
      total_cost_usd: 0,
      permission_denials: [],
      errors: [sentence],
      result_index: 0,
    })
    throw new UsageError(sentence)
  }

  const end = (code: number): never => {
    transcript.append({ type: 'cost-state', totalCostUSD: money.total() })
    transcript.flush()
    process.exit(code)
  }
  const conversation = openConversation({
    options,
    sessionId,
    version,
    apiKeySource: env['ANTHROPIC_API_KEY'] === undefined ? 'none' : 'ANTHROPIC_API_KEY',
    output,
    transcript,
    model: theModel(options.model),
    money,
    onEnd: () => void conversation.stop('shutdown').then(() => end(conversation.exitCode())),
  })
  // Like the CLI, it goes on when nobody reads its output any more.
  process.stdout.on('error', () => undefined)
  process.once('SIGINT', () => void conversation.stop('signal').then(() => end(0)))
  process.once('SIGTERM', () => end(143))
  process.once('SIGHUP', () => end(129))

  if (prompt !== undefined) conversation.send({ uuid: undefined, text: prompt })
  else await listen(conversation)
  await conversation.idle()
  end(conversation.exitCode())
}

function theModel(model: string): Model {
  const account = env['ANTHROPIC_API_KEY'] === undefined ? 'subscription' : 'key'
  if (account === 'key' || env['CLAUDE_CODE_OAUTH_TOKEN'] !== undefined) {
    return openModel({ model, account, maxRetries: Number(env['CLAUDE_CODE_MAX_RETRIES'] ?? 10) })
  }
  const sentence = 'Not logged in · Please run /login'
  return async () => ({
    kind: 'refused',
    fault: {
      api: undefined,
      error: 'authentication_failed',
      sentence,
      terminal: 'api_error',
      limit: undefined,
    },
  })
}

/** Settles when the host closes stdin. */
async function listen(conversation: Conversation): Promise<void> {
  if (env['CLAUDE_CODE_RESUME_INTERRUPTED_TURN'] === '1') conversation.continueInterrupted()
  const lines = createInterface({ input: process.stdin })
  // Not one by one: what came together is heard together.
  lines.on('line', (line) => {
    if (line.trim() !== '') hear(parse(line), conversation)
  })
  await once(lines, 'close')
}

/** The lines that are understood; all others are ignored. */
type Heard =
  | { readonly type: 'user'; readonly uuid?: string; readonly message: { readonly content: Content } }
  | { readonly type: 'control_request'; readonly request_id: string; readonly request: ControlRequest }
  | {
      readonly type: 'control_response'
      readonly response: { readonly request_id: string; readonly response?: Verdict }
    }
  | { readonly type: 'anything else' }

type Content = string | readonly { readonly type: string; readonly text?: string }[]

function parse(line: string): Heard {
  try {
    return JSON.parse(line) as Heard
  } catch {
    process.stderr.write(
      `Error parsing streaming input line (type=unknown, ${line.length} chars): SyntaxError\n`,
    )
    process.exit(1)
  }
}

function hear(heard: Heard, conversation: Conversation): void {
  switch (heard.type) {
    case 'user':
      conversation.send({ uuid: heard.uuid, text: wordsOf(heard.message.content) })
      break
    case 'control_request':
      conversation.control(heard.request_id, heard.request)
      break
    case 'control_response':
      conversation.answer(heard.response.request_id, heard.response.response ?? { behavior: 'deny' })
      break
    default:
  }
}

function wordsOf(content: Content): string {
  return typeof content === 'string' ? content : content.map(({ text = '' }) => text).join('\n')
}

/** Only `stream-json` shows every event; the other formats show the result. */
function printer({ output }: Options): (line: string) => void {
  if (output === 'stream-json') return (line) => void process.stdout.write(line)
  return (line) => {
    const event = JSON.parse(line) as { readonly type: string; readonly result?: string }
    if (event.type !== 'result') return
    process.stdout.write(output === 'json' ? line : `${event.result ?? ''}\n`)
  }
}
