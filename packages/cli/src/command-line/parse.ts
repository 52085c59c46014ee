import { nearest } from '@overmind/core/text'
import { parseArgs } from 'node:util'
import { CommandError, UsageError } from '../failures.ts'
import { BadValue, type Flag, type Flags, type Reader, type Switch, type Values } from './flags.ts'
import type { Words } from './words.ts'

/**
 * Reads the arguments behind a command's name; `help` when they ask for that. By Node's own parser, because loading
 * another takes longer than all else that a command does before it asks the daemon.
 *
 * @throws UsageError that names the flag and what it must be
 */
export function parse<F extends Flags>(
  args: readonly string[],
  flags: F & { readonly help: Switch },
  words: Words,
):
  | 'help'
  | { readonly words: readonly string[]; readonly flags: Values<F>; readonly behind: readonly string[] } {
  const { own, behind } = words.passesOn === true ? atDashes(args) : { own: args, behind: [] }
  const found = split(own, flags, words.open === true)
  if (found.given.has('help')) return 'help'
  const values = Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => [name, readFlag(name, flag, found.given.get(name) ?? [])]),
  )
  if (found.words.length < words.least) throw new UsageError(`${words.usage} is missing`)
  const extra = found.words[words.most]
  if (extra !== undefined) throw new UsageError(`there is no place for ${JSON.stringify(extra)}`)
  return { words: found.words, flags: values as Values<F>, behind } // each value comes from the flag of its name
}

/** What stands before the first `--`, and what behind it. */
export function atDashes(args: readonly string[]): {
  readonly own: readonly string[]
  readonly behind: readonly string[]
} {
  const at = args.indexOf('--')
  return at < 0 ? { own: args, behind: [] } : { own: args.slice(0, at), behind: args.slice(at + 1) }
}

interface Split {
  /** The texts of each flag that was given, in their order; of a switch they are empty. */
  readonly given: ReadonlyMap<string, readonly string[]>
  readonly words: readonly string[]
}

function split(args: readonly string[], flags: Flags, open: boolean): Split {
  const known = Object.keys(flags)
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { kind, short }]) => [
      name,
      {
        type: kind === 'switch' ? ('boolean' as const) : ('string' as const),
        multiple: true,
        ...(short && { short }),
      },
    ]),
  )
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true })
  const given = new Map<string, string[]>()
  const words: string[] = []
  for (const token of tokens) {
    if (token.kind === 'option') {
      const flag = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined
      if (flag === undefined) throw unknownFlag(token.rawName, known)
      const texts = given.get(token.name) ?? []
      given.set(token.name, [...texts, textOf(token, flag)])
    } else if (open) {
      // From here on nothing is ours.
      return { given, words: args.slice(token.kind === 'positional' ? token.index : token.index + 1) }
    } else if (token.kind === 'positional') {
      words.push(token.value)
    }
  }
  return { given, words }
}

interface OptionToken {
  readonly name: string
  readonly value: string | undefined
  readonly inlineValue: boolean | undefined
}

/** @throws UsageError for a switch with a value, and for a flag without one; what looks like a flag is none. */
function textOf({ name, value, inlineValue }: OptionToken, { kind }: Flag): string {
  if (kind === 'switch') {
    if (value === undefined) return ''
    throw new UsageError(`--${name} takes no value: got ${JSON.stringify(value)}`)
  }
  const missing = value === undefined || (inlineValue !== true && /^-[^\d.]/.test(value))
  if (missing) throw new UsageError(`--${name} needs a value`)
  return value
}

function unknownFlag(name: string, known: readonly string[]): UsageError {
  const bare = name.replace(/^-+/, '')
  const near = nearest(bare, known)
  const hint = near === undefined ? '' : `; did you mean --${near}?`
  return new UsageError(`unknown flag ${bare.length === 1 ? '-' : '--'}${bare}${hint}`)
}

function readFlag(name: string, flag: Flag, texts: readonly string[]): unknown {
  switch (flag.kind) {
    case 'switch':
      return texts.length > 0
    case 'value':
      return texts.map((text) => readValue(name, flag.read, text)).at(-1)
    case 'list':
      return texts.map((text) => readValue(name, flag.read, text))
  }
}

function readValue(name: string, read: Reader<unknown>, text: string): unknown {
  if (text === '') throw new UsageError(`--${name} needs a value`)
  try {
    return read(text)
  } catch (error) {
    if (!(error instanceof BadValue)) throw error
    const message = `--${name} ${error.message}: got ${JSON.stringify(text)}`
    throw error.code === undefined ? new UsageError(message) : new CommandError(error.code, message)
  }
}
