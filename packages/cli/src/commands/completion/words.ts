import type { Command, Commands } from '../../command-line/command.ts'

/** What a shell needs to know of one command. */
export interface CommandWords {
  readonly name: string
  readonly summary: string
  /** What its words are. */
  readonly words: 'missions' | 'others' | 'none'
  /** What the first of them can be; empty when that is open. */
  readonly first: readonly string[]
  readonly flags: readonly FlagWords[]
}

export interface FlagWords {
  readonly name: string
  readonly short: string | undefined
  readonly summary: string
  /** `none` for a switch; a list when these are all its values. */
  readonly values: 'none' | 'any' | readonly string[]
}

/** Loads every command, for a script that knows all of them. */
export async function readWords(commands: Commands): Promise<readonly CommandWords[]> {
  return Promise.all(
    Object.entries(commands).map(async ([name, { summary, load }]) => wordsOf(name, summary, await load())),
  )
}

function wordsOf(name: string, summary: string, { words, flags }: Command): CommandWords {
  return {
    name,
    summary,
    words: words.most === 0 ? 'none' : words.kind === 'mission' ? 'missions' : 'others',
    first: words.first ?? [],
    flags: Object.entries(flags).map(([name, flag]) => ({
      name,
      short: flag.short,
      summary: flag.summary,
      values: flag.kind === 'switch' ? 'none' : (flag.choices ?? 'any'),
    })),
  }
}
