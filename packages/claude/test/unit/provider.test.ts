import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Argument, Json, MissionInput } from '@overmind/core'
import { providerContract, type ProviderSample } from '@overmind/core/testing'
import { afterAll, describe, expect, test } from 'vitest'
import { missionSpec } from '../../../core/test/fakes/records.ts'
import { claudeProvider } from '../../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'overmind-claude-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A program that says that it is this release. */
function release(version: string): string {
  const path = join(folder, `claude-${version}`)
  writeFileSync(path, `#!/bin/sh\necho '${version} (Claude Code)'\n`)
  chmodSync(path, 0o700)
  return path
}

const CONVERSATION = 'cd039692-0000-4000-8000-000000000001'
const FIRST = '00000000-0000-4000-8000-00000000000a'
const SECOND = '00000000-0000-4000-8000-00000000000b'
const mission: MissionInput = { provider: 'claude', type: 'session' }

const json = (value: object): string => JSON.stringify(value)
const lifecycle = (uuid: string, state: string): string =>
  json({ type: 'command_lifecycle', command_uuid: uuid, state, session_id: CONVERSATION })
const turn = (state: string): string => json({ type: 'system', subtype: 'session_state_changed', state })
const usage = {
  inputTokens: 10,
  outputTokens: 2,
  cacheReadInputTokens: 0,
  cacheCreationInputTokens: 0,
  costUSD: 0.01,
}
const opening = [
  json({
    type: 'control_response',
    response: { subtype: 'success', request_id: 'overmind-greeting', response: { models: [] } },
  }),
  json({
    type: 'system',
    subtype: 'init',
    session_id: CONVERSATION,
    model: 'claude-opus-5-5',
    tools: ['Bash'],
  }),
]

const sample: ProviderSample = {
  provider: claudeProvider(),
  env: { PATH: '/usr/bin:/bin', HOME: folder, OVERMIND_CLAUDE: release('2.1.330') },
  missions: [
    mission,
    {
      provider: 'claude',
      command: 'Explain OTP',
      model: 'opus',
      maxCostUsd: 1,
      options: { tools: ['Read'] },
    },
  ],
  refused: [
    {
      mission: { ...mission, options: { permisionMode: 'plan' } },
      code: 'invalid_spec',
      names: 'options.permisionMode',
    },
    { mission, env: { PATH: folder }, code: 'agent_not_found', names: 'npm install' },
    {
      mission: { ...mission, options: { orchestrator: true } },
      env: { PATH: folder, OVERMIND_CLAUDE: release('2.1.330') },
      code: 'invalid_spec',
      names: 'OVERMIND_CLI',
    },
    {
      mission,
      env: { PATH: '/bin', OVERMIND_CLAUDE: release('1.0.0') },
      code: 'agent_too_old',
      names: '1.0.0',
    },
  ],
  recordings: [
    {
      title: 'two turns with a question',
      mission,
      lines: [
        'a warning that is no line of the protocol',
        ...opening,
        lifecycle(FIRST, 'queued'),
        turn('running'),
        lifecycle(FIRST, 'started'),
        json({
          type: 'assistant',
          message: { content: [{ type: 'tool_use', id: 't', name: 'Bash', input: { command: 'touch a' } }] },
          session_id: CONVERSATION,
        }),
        json({
          type: 'control_request',
          request_id: '4a5c3a59',
          request: {
            subtype: 'can_use_tool',
            tool_name: 'Bash',
            input: { command: 'touch a' },
            permission_suggestions: [
              { type: 'addRules', rules: [{ toolName: 'Bash', ruleContent: 'touch a' }], behavior: 'allow' },
            ],
          },
        }),
        json({
          type: 'result',
          subtype: 'success',
          is_error: false,
          result: 'done',
          num_turns: 2,
          duration_ms: 553,
          user_message_uuids: [FIRST],
          model_usage_since_last_result: { 'claude-opus-5-5': usage },
        }),
        lifecycle(FIRST, 'completed'),
        turn('idle'),
        lifecycle(SECOND, 'started'),
        json({ type: 'rate_limit_event', rate_limit_info: { status: 'rejected', resetsAt: 1795999999 } }),
        json({
          type: 'result',
          subtype: 'success',
          is_error: true,
          api_error_status: 429,
          result: 'You have hit your limit',
          user_message_uuids: [SECOND],
        }),
      ],
      facts: [
        'ready',
        'named',
        'taken',
        'turn',
        'taken',
        'tool-began',
        'asked',
        'answered',
        'settled',
        'turn',
        'taken',
        'trouble',
        'trouble',
        'answered',
      ],
      answers: [
        { messages: [FIRST], ok: true, text: 'done' },
        { messages: [SECOND], ok: false, text: 'You have hit your limit' },
      ],
    },
  ],
  speech: 'protocol',
  restart: 'resumes',
}

describe('claude, as every provider,', () => {
  test.each(providerContract(sample))('$title', async ({ check }) => {
    await expect(Promise.resolve().then(check)).resolves.toBeUndefined()
  })
})

test.each([
  [{ env: { KEY: 'secret' } }, { mcpServers: { s: { command: 'x', env: { KEY: 'secret' } } } }],
  ['{"env":{"KEY":"secret"}}', ' {"mcpServers":{"s":{"env":{"KEY":"secret"}}}}'],
])('settings and servers that are JSON are private, and files are named: %#', (settings, mcpConfig) => {
  const { provider, env } = sample
  const invoked = (options: Record<string, Json>): readonly Argument[] => {
    const spec = missionSpec({ ...mission, options })
    return provider.invoke({ spec, env, run: 1, conversation: null }).argv
  }
  const argv = invoked({ settings, mcpConfig })
  expect(argv.filter((word) => typeof word === 'string' && word.includes('secret'))).toEqual([])
  expect(argv.filter((word) => typeof word === 'object')).toEqual([
    { before: '--settings=', text: expect.stringContaining('"KEY":"secret"') },
    { before: '--mcp-config=', text: expect.stringContaining('"KEY":"secret"') },
  ])
  const named = invoked({ settings: 'settings.json', mcpConfig: 'servers.json' })
  expect(named).toContain('--settings=settings.json')
  expect(named).toContain('--mcp-config=servers.json')
})

test('an account is that of the first key or token that is not empty', () => {
  const accountOf = (env: Readonly<Record<string, string>>): string | undefined =>
    sample.provider.account?.(missionSpec(mission), env)
  const first = accountOf({ ANTHROPIC_API_KEY: '', ANTHROPIC_AUTH_TOKEN: 'one' })
  const second = accountOf({ ANTHROPIC_API_KEY: '', ANTHROPIC_AUTH_TOKEN: 'two' })
  expect(first).toMatch(/^key-/)
  expect(second).toMatch(/^key-/)
  expect(first).not.toBe(second)
  expect(accountOf({ ANTHROPIC_API_KEY: 'one', ANTHROPIC_AUTH_TOKEN: 'two' })).toBe(first)
  expect(accountOf({ ANTHROPIC_API_KEY: '', HOME: '/home/ada' })).toMatch(/^login-/)
})
