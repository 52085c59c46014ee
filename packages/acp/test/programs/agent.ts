/**
 * An agent on the official SDK that does what it is told: the first word of a message says what, and everything else is
 * repeated. It keeps its sessions in the folder of its argument; further arguments say what it cannot do.
 */
import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import {
  agent,
  type AgentContext,
  methods,
  ndJsonStream,
  type NewSessionRequest,
  type PromptResponse,
  PROTOCOL_VERSION,
  RequestError,
  type RequestPermissionRequest,
  type SessionUpdate,
} from '@agentclientprotocol/sdk'

const [, , folder = '.', ...flaws] = process.argv
const is = (flaw: string): boolean => flaws.includes(flaw)

/** What was said in each session, by people. */
const sessions = new Map<string, string[]>()
const working = new Map<string, AbortController>()

const fileOf = (session: string): string => join(folder, `${session}.json`)

function remember(session: string): readonly string[] {
  if (!existsSync(fileOf(session))) throw RequestError.resourceNotFound(session)
  const said: string[] = JSON.parse(readFileSync(fileOf(session), 'utf8'))
  sessions.set(session, said)
  return said
}

interface Turn {
  readonly session: string
  readonly text: string
  readonly client: AgentContext
  readonly signal: AbortSignal
}

async function tell(
  { session, client }: Pick<Turn, 'session' | 'client'>,
  update: SessionUpdate,
): Promise<void> {
  await client.notify(methods.client.session.update, { sessionId: session, update })
}

/** Bit by bit, as a model does. */
async function say(turn: Pick<Turn, 'session' | 'client'>, text: string): Promise<void> {
  const length = Math.max(5, Math.ceil(text.length / 200))
  for (let from = 0; from < text.length; from += length) {
    const piece = text.slice(from, from + length)
    await tell(turn, { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: piece } })
  }
}

async function ask(turn: Turn, what: string): Promise<void> {
  const toolCall = { toolCallId: randomUUID(), title: what, kind: 'edit', rawInput: { path: what } } as const
  await say(turn, 'May I?')
  await tell(turn, { sessionUpdate: 'tool_call', status: 'pending', ...toolCall })
  const request: RequestPermissionRequest = {
    sessionId: turn.session,
    toolCall,
    options: [
      { kind: 'allow_once', name: 'Allow', optionId: 'yes' },
      { kind: 'allow_always', name: 'Allow all edits', optionId: 'all' },
      { kind: 'reject_once', name: 'Skip', optionId: 'no' },
    ],
  }
  const { outcome } = await turn.client.request(methods.client.session.requestPermission, request)
  await tell(turn, {
    sessionUpdate: 'tool_call_update',
    toolCallId: toolCall.toolCallId,
    status: 'completed',
    content: [{ type: 'content', content: { type: 'text', text: 'written\nto disk' } }],
  })
  await say(turn, outcome.outcome === 'selected' ? `You said ${outcome.optionId}.` : 'Nobody said anything.')
}

async function read(turn: Turn, path: string): Promise<void> {
  const refusal = await turn.client
    .request(methods.client.fs.readTextFile, { sessionId: turn.session, path })
    .then(({ content }) => content)
    .catch((error: unknown) => `no file: ${error instanceof RequestError ? error.code : String(error)}`)
  await say(turn, refusal)
}

async function work(turn: Turn): Promise<void> {
  const [word = '', ...rest] = turn.text.split(' ')
  const about = rest.join(' ')
  switch (word) {
    case 'ask':
      return ask(turn, about)
    case 'read':
      return read(turn, about)
    case 'wait':
      await say(turn, 'Waiting')
      return new Promise((resolve) => {
        if (turn.signal.aborted) resolve()
        turn.signal.addEventListener('abort', () => resolve())
      })
    case 'fail':
      throw RequestError.internalError({ details: about })
    case 'pid':
      return say(turn, String(process.pid))
    default:
      return say(turn, `${sessions.get(turn.session)?.length ?? 0}: ${turn.text}`)
  }
}

async function prompted(session: string, text: string, client: AgentContext): Promise<PromptResponse> {
  const said = sessions.get(session)
  if (said === undefined) throw RequestError.resourceNotFound(session)
  said.push(text)
  writeFileSync(fileOf(session), JSON.stringify(said))
  const stop = new AbortController()
  working.set(session, stop)
  try {
    await work({ session, text, client, signal: stop.signal })
    return { stopReason: stop.signal.aborted ? 'cancelled' : 'end_turn' }
  } catch (error) {
    if (stop.signal.aborted) return { stopReason: 'cancelled' }
    throw error
  }
}

function begin(_: NewSessionRequest): { sessionId: string } {
  if (is('logged-out')) throw RequestError.authRequired()
  const sessionId = randomUUID()
  sessions.set(sessionId, [])
  return { sessionId }
}

const app = agent({ name: 'test-agent' })
  .onRequest(methods.agent.initialize, () => ({
    protocolVersion: is('newer') ? 99 : PROTOCOL_VERSION,
    agentCapabilities: {
      loadSession: is('loads') || is('loads-late'),
      sessionCapabilities: is('resumes') ? { resume: {} } : {},
    },
  }))
  .onRequest(methods.agent.session.new, ({ params }) => begin(params))
  .onRequest(methods.agent.session.prompt, ({ params, client }) => {
    const [block] = params.prompt
    return prompted(params.sessionId, block?.type === 'text' ? block.text : '', client)
  })
  .onNotification(methods.agent.session.cancel, ({ params }) => working.get(params.sessionId)?.abort())

async function repeat(turn: Pick<Turn, 'session' | 'client'>, said: readonly string[]): Promise<void> {
  for (const text of said) {
    await tell(turn, { sessionUpdate: 'user_message_chunk', content: { type: 'text', text } })
    await say(turn, `repeated: ${text}`)
  }
}

if (is('loads') || is('loads-late')) {
  app.onRequest(methods.agent.session.load, async ({ params, client }) => {
    const repeated = repeat({ session: params.sessionId, client }, [...remember(params.sessionId)])
    if (!is('loads-late')) await repeated
    return {}
  })
}
if (is('resumes')) {
  app.onRequest(methods.agent.session.resume, ({ params }) => {
    remember(params.sessionId)
    return {}
  })
}

process.stdout.write('a greeting that is no line of the protocol\n')
app.connect(
  ndJsonStream(Writable.toWeb(process.stdout), Readable.toWeb(process.stdin) as ReadableStream<Uint8Array>),
)
