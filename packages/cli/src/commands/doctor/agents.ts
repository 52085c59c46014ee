import { execFile } from 'node:child_process'
import { inert } from '@overmind/daemon/text'
import type { Finding } from './finding.ts'
import { onPath } from './installation.ts'

const AGENTS = ['claude', 'codex', 'gemini', 'opencode', 'cursor-agent', 'aider', 'goose', 'amp', 'qwen']
const PATIENCE_MS = 5000

/** Which agents a mission could run, and their versions. That there is none is no problem. */
export async function checkAgents(): Promise<Finding> {
  const found = (await Promise.all(AGENTS.map(describeAgent))).filter((agent) => agent !== null)
  const detail = found.length === 0 ? `none of ${AGENTS.join(', ')} is on PATH` : found.join('; ')
  return { check: 'agents', state: 'ok', detail }
}

async function describeAgent(name: string): Promise<string | null> {
  const file = await onPath(name)
  if (file === null) return null
  const version = await new Promise<string>((resolve) => {
    const child = execFile(
      file,
      ['--version'],
      { timeout: PATIENCE_MS, killSignal: 'SIGKILL' },
      (error, stdout) => {
        const line = stdout.trim().split('\n', 1)[0] ?? ''
        resolve(error !== null || line === '' ? 'does not say its version' : inert(line).slice(0, 80))
      },
    )
    child.stdin?.end()
  })
  return `${name} (${version})`
}
