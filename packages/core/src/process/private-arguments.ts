/** The files of private arguments: in a folder of their run, there from before it begins until it is over. */
import { rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Argument } from '../model/argument.ts'
import type { Home } from './home.ts'
import type { RunRef } from './run-ref.ts'

/** The arguments as the program is given them. */
export async function writeArguments(
  ref: RunRef,
  [program, ...rest]: readonly [string, ...Argument[]],
  home: Home,
): Promise<readonly [string, ...string[]]> {
  if (rest.every((argument) => typeof argument === 'string')) return [program, ...rest]
  const folder = home.argumentsFolder(ref.mission, ref.run)
  // A supervisor that died may have left one.
  removeArguments(ref, home)
  await mkdir(folder, { mode: 0o700 })
  const given: string[] = []
  for (const [index, argument] of rest.entries()) {
    if (typeof argument === 'string') {
      given.push(argument)
      continue
    }
    const path = join(folder, String(index + 1))
    await writeFile(path, argument.text, { mode: 0o600, flag: 'wx' })
    given.push(`${argument.before}${path}`)
  }
  return [program, ...given]
}

/** Whatever the run has made of them. */
function removeArguments({ mission, run }: RunRef, home: Home): void {
  rmSync(home.argumentsFolder(mission, run), { recursive: true, force: true })
}
