/** JSON texts in rows. */
import { StoreDamaged } from './store-damaged.ts'

/** Rows are what the store wrote itself; one that is not is damage. @throws StoreDamaged */
export function parse<T>(text: unknown, isT: (value: unknown) => value is T): T {
  let value: unknown
  try {
    value = JSON.parse(String(text))
  } catch (error) {
    throw new StoreDamaged('a row does not parse', { cause: error })
  }
  if (!isT(value)) throw new StoreDamaged('a row is not what it should be')
  return value
}

export function has(value: unknown, ...fields: readonly string[]): boolean {
  return typeof value === 'object' && value !== null && fields.every((field) => field in value)
}
