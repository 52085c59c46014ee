/** What the commands about blueprints have in common. */
import { list, type Listed } from '../command-line/flags.ts'
import { pair } from '../command-line/values.ts'
import type { Words } from '../command-line/words.ts'
import { CommandError } from '../failures.ts'
import { printError } from '../terminal/print.ts'
import type { ReadBlueprint } from './read.ts'

export const ONE_FILE: Words = { usage: '<file>', least: 1, most: 1, kind: 'other' }

type Variable = readonly [name: string, value: string]

// A type alias, which unlike an interface is a table of flags.
// oxlint-disable-next-line typescript/consistent-type-definitions
type SetFlag = { readonly set: Listed<Variable> }

export const setFlag: SetFlag = {
  set: list('K=V', 'A variable of the blueprint; may be repeated', pair),
}

/**
 * Reads a blueprint, or says on stderr what is wrong with it.
 *
 * @throws CommandError `invalid_blueprint`
 */
export async function load(file: string | undefined, set: readonly Variable[]): Promise<ReadBlueprint> {
  const { readBlueprint } = await import('./read.ts')
  const found = readBlueprint(file ?? '', Object.fromEntries(set))
  if (!('problems' in found)) return found
  printError(`${found.problems}\n`)
  throw new CommandError('invalid_blueprint', `${file} cannot be applied`)
}
