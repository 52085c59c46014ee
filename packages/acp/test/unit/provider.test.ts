import { describe, expect, test } from 'vitest'
import type { MissionInput } from '@overmind/core'
import { providerContract, type ProviderSample } from '@overmind/core/testing'
import { acpProvider } from '../../src/index.ts'

const options = { agent: ['sh', '-c', 'an agent'] }
const mission: MissionInput = { provider: 'acp', type: 'session', options }

const FIRST = '00000000-0000-4000-8000-00000000000a'
const SECOND = '00000000-0000-4000-8000-00000000000b'
const SESSION = 'sess_1'

const rpc = (message: object): string => JSON.stringify({ jsonrpc: '2.0', ...message })
const result = (id: string, value: unknown): string => rpc({ id, result: value })
const update = (news: object): string =>
  rpc({ method: 'session/update', params: { sessionId: SESSION, update: news } })
const chunk = (text: string, more: object = {}): string =>
  update({ sessionUpdate: 'agent_message_chunk', content: { type: 'text', text }, ...more })

const capabilities = { loadSession: true, promptCapabilities: { image: true } }
const opening = [
  'a warning that is no line of the protocol',
  result('overmind-initialize', { protocolVersion: 1, agentCapabilities: capabilities, authMethods: [] }),
  update({ sessionUpdate: 'available_commands_update', availableCommands: [] }),
  result('overmind-session-new', { sessionId: SESSION, modes: null }),
]
const opened = ['awaits', 'named', 'ready'] as const

const sample: ProviderSample = {
  provider: acpProvider(),
  env: { PATH: '/usr/bin:/bin' },
  missions: [
    mission,
    { ...mission, options: { agent: 'sh', args: ['-c', 'an agent'] } },
    { ...mission, type: 'task', command: 'Explain OTP' },
  ],
  refused: [
    { mission: { ...mission, options: {} }, code: 'invalid_spec', names: 'options.agent' },
    { mission: { ...mission, options: { agent: [] } }, code: 'invalid_spec', names: '["gemini", "--acp"]' },
    {
      mission: { ...mission, options: { ...options, agnet: 1 } },
      code: 'invalid_spec',
      names: 'options.agnet',
    },
    {
      mission: { ...mission, options: { ...options, mcpServers: 'x' } },
      code: 'invalid_spec',
      names: 'mcpServers',
    },
    { mission: { ...mission, model: 'opus' }, code: 'invalid_spec', names: 'model' },
    { mission: { ...mission, maxCostUsd: 1 }, code: 'invalid_spec', names: 'max_cost' },
    { mission: { ...mission, options: { agent: ['no-such'] } }, code: 'agent_not_found', names: 'no-such' },
  ],
  recordings: [
    {
      title: 'two turns with a tool and a question',
      mission,
      lines: [
        ...opening,
        chunk('I will look'),
        chunk(' into it.'),
        update({
          sessionUpdate: 'tool_call',
          toolCallId: 'call_1',
          title: 'Reading config.json',
          kind: 'read',
          status: 'pending',
          locations: [{ path: '/config.json' }],
          rawInput: { path: '/config.json' },
        }),
        update({
          sessionUpdate: 'tool_call_update',
          toolCallId: 'call_1',
          status: 'completed',
          content: [{ type: 'content', content: { type: 'text', text: '{}\nno more' } }],
        }),
        rpc({
          id: 7,
          method: 'session/request_permission',
          params: {
            sessionId: SESSION,
            toolCall: {
              toolCallId: 'call_2',
              title: 'Writing\nconfig.json',
              kind: 'edit',
              rawInput: { a: 1 },
            },
            options: [
              { optionId: 'o1', name: 'Yes', kind: 'allow_once' },
              { optionId: 'o2', name: 'Yes, always', kind: 'allow_always' },
              { optionId: 'o3', name: 'No', kind: 'reject_once' },
            ],
          },
        }),
        chunk('Done.'),
        result(FIRST, { stopReason: 'end_turn' }),
        chunk('One', { messageId: 'm1' }),
        chunk('Two', { messageId: 'm2' }),
        result(SECOND, {
          stopReason: 'end_turn',
          usage: { inputTokens: 10, outputTokens: 2, totalTokens: 12, cachedReadTokens: null },
        }),
      ],
      facts: [...opened, 'asked', 'answered', 'answered'],
      answers: [
        { messages: [FIRST], ok: true, text: 'I will look into it.\n\nDone.' },
        { messages: [SECOND], ok: true, text: 'One\n\nTwo' },
      ],
    },
    {
      title: 'a run that loads its conversation, which is repeated late',
      mission,
      lines: [
        result('overmind-initialize', { protocolVersion: 1, agentCapabilities: capabilities }),
        result('overmind-session-load', null),
        update({ sessionUpdate: 'user_message_chunk', content: { type: 'text', text: 'a question' } }),
        chunk('an old answer'),
        rpc({ id: 'overmind-settle', error: { code: -32601, message: 'Method not found' } }),
      ],
      facts: ['awaits', 'awaits', 'ready'],
      answers: [],
    },
    {
      title: 'turns that end badly',
      mission,
      lines: [
        ...opening,
        rpc({ id: 'r1', method: 'terminal/create', params: { sessionId: SESSION, command: 'ls' } }),
        chunk('Half an ans'),
        result(FIRST, { stopReason: 'max_tokens' }),
        rpc({
          id: SECOND,
          error: { code: -32603, message: 'Internal error', data: { details: 'overloaded' } },
        }),
      ],
      facts: [...opened, 'awaits', 'trouble', 'answered', 'trouble', 'answered'],
      answers: [
        { messages: [FIRST], ok: false, text: 'Half an ans' },
        { messages: [SECOND], ok: false, text: 'Internal error: {"details":"overloaded"}' },
      ],
    },
    {
      title: 'a turn that is interrupted while it asks',
      mission,
      lines: [
        ...opening,
        rpc({
          id: 0,
          method: 'session/request_permission',
          params: {
            sessionId: SESSION,
            toolCall: { toolCallId: 'c' },
            options: [{ optionId: 'o1', name: 'Yes', kind: 'allow_once' }],
          },
        }),
        rpc({ method: '$/cancel_request', params: { requestId: 0 } }),
        result(FIRST, { stopReason: 'cancelled' }),
      ],
      facts: [...opened, 'asked', 'withdrawn', 'answered'],
      answers: [{ messages: [FIRST], ok: false, text: '' }],
    },
  ],
  speech: 'protocol',
  restart: 'resumes',
}

describe('acp, as every provider,', () => {
  test.each(providerContract(sample))('$title', async ({ check }) => {
    await expect(Promise.resolve().then(check)).resolves.toBeUndefined()
  })
})
