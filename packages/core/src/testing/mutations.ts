/** Lines that no agent should write, and that some will. */

/** What is no line of any protocol, or only looks like one. */
export const garbage: readonly string[] = [
  '',
  ' ',
  '\r',
  '\0',
  '{',
  '}',
  '{"',
  '[]',
  'null',
  'true',
  '0',
  '"text"',
  '{}',
  '{"type":null}',
  '{"type":{"type":"type"}}',
  '{"__proto__":{"type":"result"}}',
  '{"constructor":1,"toString":2,"hasOwnProperty":3}',
  'Warning: something is deprecated',
  '\u001b[31mred\u001b[0m',
  '\ud800',
  `{"type":"${'x'.repeat(100_000)}"}`,
  `${'['.repeat(5000)}${']'.repeat(5000)}`,
]

const OTHERS: readonly unknown[] = [null, true, -1, 1e308, '', 'text', [], [null], {}, { type: 'text' }]

/** The line cut short, and with each of its values left out or of another kind. */
export function* mutationsOf(line: string): Generator<string> {
  for (const part of [0.1, 0.5, 0.9]) yield line.slice(0, Math.floor(line.length * part))
  yield line.slice(1)
  yield `${line}${line}`
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    if (error instanceof SyntaxError) return
    throw error
  }
  for (const mutant of mutantsOf(value)) yield JSON.stringify(mutant)
}

function* mutantsOf(value: unknown): Generator {
  if (typeof value !== 'object' || value === null) return
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value)
  for (const [key, inner] of entries) {
    const rest = entries.filter(([other]) => other !== key)
    const withOther = (other: unknown): unknown =>
      Array.isArray(value)
        ? value.map((each: unknown, index) => (String(index) === key ? other : each))
        : Object.fromEntries([...rest, [key, other]])
    yield Array.isArray(value) ? rest.map(([, each]) => each) : Object.fromEntries(rest)
    for (const other of OTHERS) yield withOther(other)
    for (const mutant of mutantsOf(inner)) yield withOther(mutant)
  }
}
