/** Reading what an agent wrote: any of it may be missing or of another kind, in this release or the next. */
export type JsonObject = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function objectAt(value: unknown, name: string): JsonObject {
  const inner = isObject(value) ? value[name] : undefined
  return isObject(inner) ? inner : {}
}

export function textAt(value: unknown, name: string): string | undefined {
  const inner = isObject(value) ? value[name] : undefined
  return typeof inner === 'string' ? inner : undefined
}

export function numberAt(value: unknown, name: string): number | undefined {
  const inner = isObject(value) ? value[name] : undefined
  return typeof inner === 'number' && Number.isFinite(inner) ? inner : undefined
}

export function listAt(value: unknown, name: string): readonly unknown[] {
  const inner = isObject(value) ? value[name] : undefined
  return Array.isArray(inner) ? inner : []
}

export function textsAt(value: unknown, name: string): readonly string[] {
  return listAt(value, name).filter((item) => typeof item === 'string')
}
