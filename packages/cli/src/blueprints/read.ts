/** What reads files of TOML: blueprints, and the daemon's settings. A bundle of its own, so that commands without one load no parser. */
import { readFileSync } from 'node:fs'
import {
  type Blueprint,
  BlueprintError,
  documentOf,
  parseBlueprint,
  readIncluded,
  renderGraph,
} from '@overmind/blueprint'
import { inert } from '@overmind/daemon/text'

export { findConfig } from '@overmind/daemon/config'

export interface ReadBlueprint {
  readonly blueprint: Blueprint
  /** What a daemon is sent. */
  readonly document: Readonly<Record<string, unknown>>
}

/** What is in a file, or what is wrong with it, in words for people. */
export function readBlueprint(
  file: string,
  set: Readonly<Record<string, string>>,
): ReadBlueprint | { readonly problems: string } {
  try {
    // Whoever names it may hand it through a pipe.
    const source = readFileSync(file, 'utf8')
    const options = { file, set, read: readIncluded }
    return { blueprint: parseBlueprint(source, options), document: documentOf(source, options) }
  } catch (error) {
    if (error instanceof BlueprintError) return { problems: error.message }
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return { problems: inert(`${file} cannot be read: ${why}`) }
  }
}

export function graphOf(blueprint: Blueprint, format: 'text' | 'mermaid'): string {
  return renderGraph(blueprint, format)
}
