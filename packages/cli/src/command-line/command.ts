import { flag, type Flags, type Switch, type Values } from './flags.ts'
import { parse } from './parse.ts'
import type { Words } from './words.ts'

export interface Definition<F extends Flags> {
  readonly words: Words
  readonly flags: F
  /** What help says beyond the summary. */
  readonly notes?: string
  /** Command lines without `overmind`, and what each does. */
  readonly examples: readonly (readonly [line: string, does: string])[]
  /** Resolves to the exit code; 0 when there is none. */
  run(
    words: readonly string[],
    flags: Values<F & { readonly json: Switch }>,
    /** What stood behind `--`, of a command that passes it on. */
    behind: readonly string[],
  ): Promise<number | void>
}

/** A definition whose flags only it knows. */
export interface Command extends Omit<Definition<Flags>, 'run'> {
  /** Resolves to the exit code, or to `help` when that was asked for. @throws UsageError before anything is done */
  execute(args: readonly string[]): Promise<number | 'help' | void>
}

const json = flag('Print JSON')
const help = flag('Print this page', { short: 'h' })

/** Every command takes `--json` and `--help` beside its own flags. */
export function command<F extends Flags>({ run, ...definition }: Definition<F>): Command {
  const flags = { ...definition.flags, json, help }
  return {
    ...definition,
    flags,
    execute: async (args) => {
      const found = parse(args, flags, definition.words)
      return found === 'help' ? found : run(found.words, found.flags, found.behind)
    },
  }
}

/** One row of the table of commands. */
export interface Entry {
  /** One line of help, without a full stop. */
  readonly summary: string
  /** Loads the one module that is needed: start-up is the first impression. */
  readonly load: () => Promise<Command>
}

/** Commands by name, in the order of the help. */
export type Commands = Readonly<Record<string, Entry>>
