/** What is read here is what the official SDK says is written: a change there does not compile here. */
import type {
  InitializeResponse,
  NewSessionResponse,
  PermissionOptionKind,
  PromptResponse,
  RequestPermissionRequest,
  SessionNotification,
  StopReason,
} from '@agentclientprotocol/sdk'
import { AGENT_METHODS, CLIENT_METHODS, PROTOCOL_VERSION } from '@agentclientprotocol/sdk'
import { expect, test } from 'vitest'
import { readAbilities, readPermission, readSession, readTurnEnd, readUpdate } from '../../src/protocol.ts'
import { missionSpec } from '../../../core/test/fakes/records.ts'
import { newConversation } from '../../../core/src/mission/conversation.ts'
import { shortfallOf } from '../../src/trouble.ts'
import { talkWith } from '../../src/talk.ts'

test('the abilities of an agent', () => {
  const response: InitializeResponse = {
    protocolVersion: PROTOCOL_VERSION,
    agentCapabilities: { loadSession: true, sessionCapabilities: { resume: {} } },
  }
  expect(readAbilities(response)).toEqual({ protocolVersion: 1, resumes: true })
})

test('the name of a session', () => {
  const response: NewSessionResponse = { sessionId: 'sess_1' }
  expect(readSession(response)).toEqual({ id: 'sess_1', model: null })
  // Not in the protocol yet, but said by agents.
  expect(readSession({ ...response, models: { currentModelId: 'auto' } })?.model).toBe('auto')
})

test('every reason for which a turn ends', () => {
  const ends: Readonly<Record<StopReason, boolean>> = {
    end_turn: true,
    cancelled: true,
    max_tokens: false,
    max_turn_requests: false,
    refusal: false,
  }
  for (const [stopReason, good] of Object.entries(ends)) {
    const response = { stopReason } as PromptResponse
    const read = readTurnEnd(response)
    expect(read).toEqual({ stopReason, usage: null })
    expect([stopReason, shortfallOf(stopReason)?.reason.includes('not known')]).toEqual([
      stopReason,
      good ? undefined : false,
    ])
  }
})

test('a question and what may be answered', () => {
  const kinds: readonly PermissionOptionKind[] = [
    'allow_once',
    'allow_always',
    'reject_once',
    'reject_always',
  ]
  const params: RequestPermissionRequest = {
    sessionId: 'sess_1',
    toolCall: { toolCallId: 'call_1', title: 'Edit', kind: 'edit', rawInput: { path: 'a' } },
    options: kinds.map((kind) => ({ optionId: kind, name: kind, kind })),
  }
  expect(readPermission(params)).toMatchObject({
    toolCall: { id: 'call_1', title: 'Edit', kind: 'edit', rawInput: { path: 'a' } },
    options: params.options,
  })
})

test.each<[string, SessionNotification['update'], object | undefined]>([
  [
    'what it says',
    { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: 'hi' }, messageId: 'm' },
    { kind: 'chunk', text: 'hi', message: 'm' },
  ],
  [
    'a tool that it uses',
    { sessionUpdate: 'tool_call', toolCallId: 'c', title: 'Read', kind: 'read' },
    { kind: 'tool-began', toolCall: { id: 'c', title: 'Read' } },
  ],
  [
    'what came of it',
    {
      sessionUpdate: 'tool_call_update',
      toolCallId: 'c',
      status: 'failed',
      content: [
        { type: 'diff', path: 'a', newText: 'b' },
        { type: 'content', content: { type: 'text', text: 'no' } },
      ],
    },
    { kind: 'tool-went-on', toolCall: { status: 'failed', results: ['no'] } },
  ],
  ['what nothing is made of', { sessionUpdate: 'plan', entries: [] }, undefined],
])('news of a turn: %s', (_, update, expected) => {
  const read = readUpdate({ sessionId: 'sess_1', update } satisfies SessionNotification)
  if (expected === undefined) expect(read).toBeUndefined()
  else expect(read).toMatchObject(expected)
})

test('the names of requests, both ways', () => {
  const talk = talkWith(missionSpec({ provider: 'acp', type: 'session', options: { agent: ['agent'] } }))
  const fresh = newConversation('sess_1')
  const methodsOf = (text: string | null): readonly unknown[] =>
    (text ?? '').split('\n').map((line): unknown => JSON.parse(line).method)
  expect(methodsOf(talk.greet(fresh))).toEqual([AGENT_METHODS.initialize])
  expect(methodsOf(talk.reply('session/load', fresh))).toEqual([AGENT_METHODS.session_new])
  const known = { ...fresh, memory: 'closed' } as const
  expect(methodsOf(talk.reply('session/load', known))).toEqual([AGENT_METHODS.session_load])
  expect(methodsOf(talk.reply('session/resume', known))).toEqual([AGENT_METHODS.session_resume])
  expect(methodsOf(talk.message({ id: 'm', text: 'hi' }, fresh))).toEqual([AGENT_METHODS.session_prompt])
  expect(methodsOf(talk.interrupt('', fresh))).toEqual([AGENT_METHODS.session_cancel])
  const asks = (method: string): readonly string[] =>
    talk
      .hear(
        JSON.stringify({
          jsonrpc: '2.0',
          id: 1,
          method,
          params: { toolCall: { toolCallId: 'c' }, options: [] },
        }),
      )
      .map(({ type }) => type)
  expect(asks(CLIENT_METHODS.session_request_permission)).toEqual(['asked'])
  expect(asks(CLIENT_METHODS.fs_read_text_file)).toEqual(['awaits'])
})
