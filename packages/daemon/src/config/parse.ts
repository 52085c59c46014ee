import { dirname, resolve } from 'node:path'
import { DocumentError, readDocument } from '@overmind/blueprint/document'
import { OvermindError } from '@overmind/core'
import type { Config, Hook, Secret, Target } from './config.ts'
import { type CheckedHook, type CheckedSecret, configRules, configVocabulary } from './rules.ts'

const TIMEOUT_MS = 10_000
const RETRIES = 5

/** What the text of a `config.toml` says; `path` is that file. @throws OvermindError `invalid_config` with all that is wrong */
export function parseConfig(source: string, path: string): Config {
  try {
    const rules = { file: path, fields: configRules, vocabulary: configVocabulary }
    const { limits: { missions, providers = {}, colonies = {} } = {}, hooks = [] } = readDocument(
      source,
      rules,
    )
    return {
      limits: { ...(missions === undefined ? {} : { missions }), providers, colonies },
      hooks: hooks.map((hook) => hookOf(hook, dirname(path))),
    }
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error
    throw new OvermindError('invalid_config', error.message)
  }
}

function hookOf(hook: CheckedHook, folder: string): Hook {
  const { name, events, filter = [], timeout = TIMEOUT_MS, retries = RETRIES } = hook
  return { name, events, filter, target: targetOf(hook, folder), timeoutMs: timeout, retries }
}

function targetOf({ command, url, headers = {}, secret }: CheckedHook, folder: string): Target {
  const [program, ...words] = command ?? []
  if (program !== undefined) return { kind: 'command', argv: [program, ...words] }
  if (url === undefined) throw new TypeError('a hook has a command or a url')
  const values = Object.entries(headers).map(([name, value]) => [name, secretOf(value, folder)] as const)
  return {
    kind: 'url',
    url,
    headers: Object.fromEntries(values),
    secret: secret === undefined ? null : secretOf(secret, folder),
  }
}

function secretOf(given: CheckedSecret, folder: string): Secret {
  if (typeof given === 'string') return { text: given }
  const { env, file } = given
  if (env !== undefined) return { env }
  if (file === undefined) throw new TypeError('a reference has env or file')
  return { file: resolve(folder, file) }
}
