import parser from 'yargs-parser'
import { CommandError, UsageError } from '../failures.ts'
import { BadValue, type Flag, type Flags, type Reader, type Switch, type Values } from './flags.ts'
import { nearest } from './suggest.ts'
import type { Words } from './words.ts'

/**
 * Reads the arguments behind a command's name; `help` when they ask for that. yargs' parser alone, because the whole of yargs takes longer
 * to load than everything else together; it is loaded for `--help`.
 *
 * @throws UsageError that names the flag and what it must be
 */
export function parse<F extends Flags>(
  args: readonly string[],
  flags: F & { readonly help: Switch },
  words: Words,
): 'help' | { readonly words: readonly string[]; readonly flags: Values<F> } {
  const found = split(args, flags, words.open === true)
  if (found.given['help'] !== undefined) return 'help'
  const values = Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => [name, readFlag(name, flag, found.given[name])]),
  )
  if (found.words.length < words.least) throw new UsageError(`${words.usage} is missing`)
  const extra = found.words[words.most]
  if (extra !== undefined) throw new UsageError(`there is no place for ${JSON.stringify(extra)}`)
  return { words: found.words, flags: values as Values<F> } // each value comes from the flag of its name
}

interface Split {
  /** Texts by the flag's name; a list when it was given more than once. */
  readonly given: Readonly<Record<string, unknown>>
  readonly words: readonly string[]
}

function split(args: readonly string[], flags: Flags, open: boolean): Split {
  const entries = Object.entries(flags)
  const switches = entries.filter(([, { kind }]) => kind === 'switch').map(([name]) => name)
  const known = entries.map(([name]) => name)
  const { argv, error } = parser.detailed([...args], {
    boolean: switches,
    narg: Object.fromEntries(switches.map((name) => [name, 0])), // or `--json true` would swallow the word
    string: ['_', ...known.filter((name) => !switches.includes(name))],
    alias: Object.fromEntries(entries.flatMap(([name, { short }]) => (short ? [[name, [short]]] : []))),
    configuration: {
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'halt-at-non-option': open,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'populate--': true,
      'strip-aliased': true,
    },
  })
  const { _: plain, '--': rest = [], ...given } = argv
  const unknown = Object.keys(given).find((name) => !known.includes(name))
  if (unknown !== undefined) throw unknownFlag(unknown, known)
  if (error !== null) throw new UsageError(error.message)

  const words = [...plain, ...rest].map(String)
  // What looks like a negative number, the parser takes for a word; only behind `--` it is meant as one.
  const escaped = args[args.length - rest.length - 1] === '--' ? plain.length : open ? 1 : words.length
  const dashed = words.slice(0, escaped).find((word) => word.length > 1 && word.startsWith('-'))
  if (dashed !== undefined) throw unknownFlag(dashed, known)
  return { given, words }
}

function unknownFlag(name: string, known: readonly string[]): UsageError {
  const bare = name.replace(/^-+/, '')
  const near = nearest(bare, known)
  const hint = near === undefined ? '' : `; did you mean --${near}?`
  return new UsageError(`unknown flag ${bare.length === 1 ? '-' : '--'}${bare}${hint}`)
}

function readFlag(name: string, flag: Flag, given: unknown): unknown {
  const all = given === undefined ? [] : [given].flat().map((each) => `${each as string | boolean}`)
  switch (flag.kind) {
    case 'switch':
      return all.length > 0
    case 'value':
      return all.map((text) => readValue(name, flag.read, text)).at(-1)
    case 'list':
      return all.map((text) => readValue(name, flag.read, text))
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
