/** The real CLI, which `scripts/real-claude.ts` installs. */
import type { Program } from './cli.ts'

export function realClaude(): Program {
  return { path: named('OVERMIND_REAL_CLAUDE'), env: {} }
}

/** A release from before ids of messages were told back. */
export function oldClaude(): Program {
  return { path: named('OVERMIND_OLD_CLAUDE'), env: {} }
}

function named(variable: string): string {
  const path = process.env[variable]
  if (path === undefined) throw new Error(`${variable} names no CLI: run npm run test:real-claude`)
  return path
}
