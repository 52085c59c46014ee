/** The files of private arguments: there from before a run begins until it is over. */
import { rmSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import type { Argument } from '../model/argument.ts'
import type { Home } from './home.ts'
import { isAbsent } from './regular-file.ts'
import type { RunRef } from './run-ref.ts'

/** The arguments as the program is given them. */
export async function writeArguments(
  { mission, run }: RunRef,
  [program, ...rest]: readonly [string, ...Argument[]],
  home: Home,
): Promise<readonly [string, ...string[]]> {
  let written = 0
  const given: string[] = []
  for (const argument of rest) {
    if (typeof argument === 'string') {
      given.push(argument)
      continue
    }
    const path = home.inputFile(mission, run, partOf((written += 1)))
    // A supervisor that died may have left one.
    await rm(path, { force: true })
    await writeFile(path, argument.text, { mode: 0o600, flag: 'wx' })
    given.push(`${argument.before}${path}`)
  }
  return [program, ...given]
}

export function removeArguments({ mission, run }: RunRef, home: Home): void {
  for (let number = 1; ; number += 1) {
    try {
      rmSync(home.inputFile(mission, run, partOf(number)))
    } catch (error) {
      if (isAbsent(error)) return
      throw error
    }
  }
}

const partOf = (number: number): string => `argument-${number}`
