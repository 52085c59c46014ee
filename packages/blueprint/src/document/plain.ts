import type { Finding } from './finding.ts'
import type { Path } from './tree.ts'

export type Fields = Readonly<Record<string, unknown>>

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function fieldsIn(value: unknown): Fields {
  return isFields(value) ? value : {}
}

/** Deeper than any blueprint, and not so deep that what walks through it could run out of stack. */
export const DEEPEST = 64

export interface Plain {
  readonly document: unknown
  readonly findings: readonly Finding[]
}

/** A copy that is nothing but JSON, without names that mean something to JavaScript. */
export function plain(document: unknown): Plain {
  const findings: Finding[] = []
  return { document: copy(document, []), findings }

  function copy(value: unknown, path: Path): unknown {
    if (['bigint', 'function', 'symbol'].includes(typeof value)) {
      findings.push({ path, rule: 'is not JSON' })
      return null
    }
    if (typeof value !== 'object' || value === null) return value
    if (path.length > DEEPEST) {
      findings.push({ path: path.slice(0, 4), rule: 'is nested too deeply' })
      return null
    }
    if (Array.isArray(value)) return value.map((item, index) => copy(item, [...path, index]))
    const kept = Object.entries(value).filter(([name]) => {
      if (name === '__proto__') findings.push({ path: [...path, name], rule: 'no such field', name: true })
      return name !== '__proto__'
    })
    return Object.fromEntries(kept.map(([name, field]) => [name, copy(field, [...path, name])]))
  }
}
