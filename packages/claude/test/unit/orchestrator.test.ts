import { expect, test } from 'vitest'
import { mcpConfigsOf, orchestratorRules } from '../../src/orchestrator.ts'

const server = { type: 'stdio', command: 'overmind', args: ['mcp'] }
const configs = (mcpConfig: unknown, env: Readonly<Record<string, string>> = {}): readonly unknown[] =>
  mcpConfigsOf({ orchestrator: true, mcpConfig }, env)

test('an agent that runs no others has its own servers and no more', () => {
  expect(mcpConfigsOf({}, {})).toEqual([])
  expect(mcpConfigsOf({ orchestrator: false, mcpConfig: 'servers.json' }, {})).toEqual(['servers.json'])
  expect(orchestratorRules({})).toEqual([])
})

test('one that does has the server of Overmind, by the name on the PATH or the one given, and may use its tools', () => {
  expect(configs(undefined)).toEqual([{ mcpServers: { overmind: server } }])
  expect(configs(undefined, { OVERMIND_CLI: '/opt/overmind' })).toEqual([
    { mcpServers: { overmind: { ...server, command: '/opt/overmind' } } },
  ])
  expect(configs(undefined, { OVERMIND_CLI: '' })).toEqual(configs(undefined))
  expect(orchestratorRules({ orchestrator: true })).toEqual(['mcp__overmind'])
})

test('beside a file or a text it is a value of its own', () => {
  expect(configs('servers.json')).toEqual(['servers.json', { mcpServers: { overmind: server } }])
})

test('in an object it is one more, unless that has one of its name', () => {
  const other = { command: 'other' }
  expect(configs({ mcpServers: { other }, more: 1 })).toEqual([
    { mcpServers: { overmind: server, other }, more: 1 },
  ])
  expect(configs({ mcpServers: { overmind: other } })).toEqual([{ mcpServers: { overmind: other } }])
  expect(configs({})).toEqual([{ mcpServers: { overmind: server } }])
})
