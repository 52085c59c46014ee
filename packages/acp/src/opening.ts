/** How a run begins: both sides say what they can do, then a session is made, or gone on with. */
import { readFileSync } from 'node:fs'
import type { Conversation, Fact, MissionSpec, Trouble } from '@overmind/core'
import type { InitializeRequest } from '@agentclientprotocol/sdk'
import { z } from 'zod'
import { type Failure, type Frame, request } from './frame.ts'
import { optionsOf } from './options.ts'
import { readAbilities, readSession } from './protocol.ts'
import { saidOf } from './trouble.ts'

/** The version of the protocol that is spoken here. */
const PROTOCOL = 1

const VERSION: string = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))).version

/** The names of our own requests. Messages are known by their ids. */
const INITIALIZE = 'overmind-initialize'
const NEW = 'overmind-session-new'
const LOAD = 'overmind-session-load'
const RESUME = 'overmind-session-resume'
const SETTLE = 'overmind-settle'

/** How an agent that has told what it can do goes on with a conversation; what it awaits from us. */
export type SessionWish = 'session/load' | 'session/resume'

export function isSessionWish(wish: string): wish is SessionWish {
  return wish === 'session/load' || wish === 'session/resume'
}

/** We read and write no files for it, and run nothing: it works in the mission's folder by itself. */
export function greeting(): string {
  return request(INITIALIZE, 'initialize', {
    protocolVersion: PROTOCOL,
    clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
    clientInfo: { name: 'overmind', title: 'Overmind', version: VERSION },
  } satisfies InitializeRequest)
}

/** Asks for the conversation of earlier runs, when there is one, or for a new one. */
export function sessionRequest(
  spec: MissionSpec,
  { wish, conversation: { id, memory } }: { readonly wish: SessionWish; readonly conversation: Conversation },
): string {
  // What servers there are is for the agent to check.
  const params = { cwd: spec.cwd, mcpServers: optionsOf(spec).mcpServers ?? [] }
  if (id === null || memory === 'none') return request(NEW, 'session/new', params)
  return request(wish === 'session/load' ? LOAD : RESUME, wish, { ...params, sessionId: id })
}

/**
 * Some agents still repeat the conversation when they have said that it is loaded. What they answer next comes behind
 * that, so that nothing of it is taken for the answer to a message.
 */
const SETTLE_WISH: string = request(SETTLE, '_overmind/settle', {})

/** What an answer to one of our own requests says; undefined when it is the answer to a message. */
export function hearOpening(
  frame: Extract<Frame, { kind: 'result' | 'failure' }>,
): readonly Fact[] | undefined {
  const { id } = frame
  // No agent knows the request: that it is answered says enough.
  if (id === SETTLE) return [{ type: 'ready' }]
  if (id !== INITIALIZE && id !== NEW && id !== LOAD && id !== RESUME) return undefined
  if (frame.kind === 'failure') return refused(FAILED[id], frame.failure)
  switch (id) {
    case INITIALIZE:
      return greeted(frame.result)
    case LOAD:
      return [{ type: 'awaits', wish: SETTLE_WISH }]
    case RESUME:
      return [{ type: 'ready' }]
    case NEW: {
      const session = readSession(frame.result)
      if (session === undefined) return hopeless('the agent made a session without an id')
      return [{ type: 'named', conversation: session.id, model: session.model }, { type: 'ready' }]
    }
  }
}

const FAILED = {
  [INITIALIZE]: 'the agent does not speak the Agent Client Protocol',
  [NEW]: 'the agent refuses to begin a session',
  [LOAD]: 'the agent cannot go on with the conversation',
  [RESUME]: 'the agent cannot go on with the conversation',
} as const

function greeted(result: unknown): readonly Fact[] {
  const abilities = readAbilities(result)
  if (abilities === undefined) return hopeless(`${FAILED[INITIALIZE]}: its answer names no version`)
  const { protocolVersion, resumes } = abilities
  if (protocolVersion !== PROTOCOL) {
    return hopeless(`the agent speaks version ${protocolVersion} of the protocol, and ${PROTOCOL} is needed`)
  }
  // Loading repeats the whole conversation. An agent that can do neither says so when it is asked.
  return [{ type: 'awaits', wish: resumes ? 'session/resume' : 'session/load' }]
}

function refused(what: string, failure: Failure): readonly Fact[] {
  return hopeless(`${what}: ${saidOf(failure)}`)
}

function hopeless(reason: string): readonly Fact[] {
  const trouble: Trouble = { kind: 'permanent', reason }
  return [{ type: 'trouble', trouble }]
}
