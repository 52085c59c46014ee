import { type Fields, isFields } from './document/plain.ts'

/** What only agents have; a command that is no agent's would be refused with it. */
const OF_AGENTS = ['model', 'options', 'max_cost', 'max_turns', 'max_tokens']
/** What says something of one provider alone. */
const OF_PROVIDER = ['model', 'options']
/** Tables that are merged name by name. */
const MERGED = ['env', 'options']

/**
 * An agent's fields on top of the defaults. `env` and `options` are merged; `retries` and `restart` push each other out; a plain
 * command has nothing that only agents have, and another provider neither model nor options of the default one.
 */
export function inherit<T extends Fields>(defaults: T, own: T): T {
  const kept = Object.entries(defaults).filter(([field]) => !isPushedOut(field, defaults, own))
  const merged = MERGED.flatMap((field) => {
    const [below, above] = [Object.fromEntries(kept)[field], own[field]]
    return isFields(below) && isFields(above) ? [[field, { ...below, ...above }] as const] : []
  })
  return { ...Object.fromEntries(kept), ...own, ...Object.fromEntries(merged) }
}

function isPushedOut(field: string, defaults: Fields, own: Fields): boolean {
  if (field === 'retries') return 'restart' in own || 'max_restarts' in own
  if (field === 'restart' || field === 'max_restarts') return 'retries' in own
  const provider = own['provider'] ?? defaults['provider'] ?? 'raw'
  if (provider === 'raw' && OF_AGENTS.includes(field)) return true
  const another = defaults['provider'] !== undefined && provider !== defaults['provider']
  return another && OF_PROVIDER.includes(field)
}
