import { inert } from '../text/inert.ts'
import type { Path } from './tree.ts'

/** What is wrong with a value, before it is known where that was written. */
export interface Finding {
  readonly path: Path
  /** What is said behind the name of the field: `must be text: got 5`. */
  readonly rule: string
  /** It is about the name and not about what stands there. */
  readonly name?: boolean
  /** The part of a text that it is about, as it is written there. */
  readonly part?: string
  /** It is in no file. */
  readonly outside?: boolean
  readonly suggestion?: string | undefined
}

/** `agents.writer.depends_on.0`, with quotes around what could be mistaken. */
export function pathText(path: Path): string {
  return path
    .map((step) => (typeof step === 'number' || /^[\w-]+$/.test(step) ? step : JSON.stringify(step)))
    .join('.')
}

/** One sentence, safe to show: `agents.writer.timeout must be …`, `agents.writer.depend_on: no such field`. */
export function messageOf({ path, rule }: Finding): string {
  if (path.length === 0) return inert(`the document ${rule}`)
  const joint = /^(?:must|needs|is) /.test(rule) ? ' ' : ': '
  return inert(`${pathText(path)}${joint}${rule}`)
}
