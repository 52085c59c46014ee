import { type Fields, isFields } from './document/plain.ts'

/** What only agents have; a command that is no agent's would be refused with it. */
export const OF_AGENTS: readonly string[] = ['model', 'options', 'max_cost', 'max_turns', 'max_tokens']
/** What says something of one provider alone. */
const OF_PROVIDER = ['model', 'options']
/** Tables that are merged name by name. */
export const MERGED: readonly string[] = ['env', 'options']

/** What `retries` stands for. */
export const RESTARTS: readonly string[] = ['restart', 'max_restarts']

/** Two ways to say the same: the fields that have no place where these are said. */
export function pushedOutBy(said: readonly string[]): readonly string[] {
  return [
    ...(said.includes('retries') ? RESTARTS : []),
    ...(RESTARTS.some((field) => said.includes(field)) ? ['retries'] : []),
  ]
}

/**
 * An agent's fields on top of the defaults. `env` and `options` are merged; `retries` and `restart` push each other out; a plain
 * command has nothing that only agents have, and another provider neither model nor options of the default one.
 */
export function inherit<T extends Fields>(defaults: T, own: T): T {
  const pushedOut = pushedOutBy(Object.keys(own))
  const kept = Object.entries(defaults).filter(
    ([field]) => !pushedOut.includes(field) && !isOfAnother(field, defaults, own),
  )
  const merged = MERGED.flatMap((field) => {
    const [below, above] = [Object.fromEntries(kept)[field], own[field]]
    return isFields(below) && isFields(above) ? [[field, { ...below, ...above }] as const] : []
  })
  return { ...Object.fromEntries(kept), ...own, ...Object.fromEntries(merged) }
}

/** It says something of another kind of agent than this is. */
function isOfAnother(field: string, defaults: Fields, own: Fields): boolean {
  const provider = own['provider'] ?? defaults['provider'] ?? 'raw'
  if (provider === 'raw' && OF_AGENTS.includes(field)) return true
  const another = defaults['provider'] !== undefined && provider !== defaults['provider']
  return another && OF_PROVIDER.includes(field)
}
