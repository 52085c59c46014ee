/** A document as TOML, in which tables may stand in a line and text is written as in JSON. */
export function tomlOf(document: Readonly<Record<string, unknown>>): string {
  return Object.entries(document)
    .map(([name, value]) => `${JSON.stringify(name)} = ${inLine(value)}\n`)
    .join('')
}

function inLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inLine).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return `{ ${Object.entries(value)
    .map(([name, each]) => `${JSON.stringify(name)} = ${inLine(each)}`)
    .join(', ')} }`
}
