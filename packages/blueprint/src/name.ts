import { basename, extname } from 'node:path'
import { isName } from '@overmind/core'

/** What a blueprint is called that does not say: its file's name, made a name of missions. */
export function nameOf(file: string | undefined): string {
  const base = file === undefined ? '' : basename(file, extname(file))
  const made = base
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, LONGEST)
    .replace(/[^A-Za-z0-9]+$/, '')
  if (isName(made)) return made
  return made === '' ? 'blueprint' : `blueprint-${made}`
}

/** So that the name of an agent finds room behind it. */
const LONGEST = 31
