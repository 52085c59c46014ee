import { type Finding, messageOf, pathText } from './document/finding.ts'
import type { Place } from './document/tree.ts'
import { BlueprintError, type Problem } from './problem.ts'
import { createLines, type Lines, type Position } from './text/lines.ts'

/** The files that a document was read from, by their names: they tell where something stands. */
export interface Sources {
  readonly add: (file: string, text: string) => void
  /** Characters of a file between two offsets. */
  readonly slice: (from: Place, end: number) => string
  /** `file:line:column`. */
  readonly shown: (place: Place) => string
  readonly problemAt: (place: Place, finding: Finding) => Problem
  readonly inOrder: (problems: readonly Problem[]) => readonly Problem[]
  /** All of these as one error, in the order of the files, with their lines. */
  readonly failure: (problems: readonly Problem[]) => BlueprintError
}

export function createSources(): Sources {
  const files = new Map<string, Lines>()
  const start: Position = { line: 1, column: 1 }
  const position = ({ file, offset }: Place): Position => files.get(file)?.positionOf(offset) ?? start

  function inOrder(problems: readonly Problem[]): readonly Problem[] {
    const places = new Map([...files.keys()].map((file, index) => [file, index]))
    const placeOf = ({ file }: Problem): number => places.get(file ?? '') ?? -1
    return problems.toSorted(
      (a, b) => placeOf(a) - placeOf(b) || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
    )
  }

  return {
    add: (file, text) => {
      files.set(file, createLines(text))
    },
    slice: ({ file, offset }, end) => files.get(file)?.text.slice(offset, end) ?? '',
    shown: (place) => {
      const { line, column } = position(place)
      return `${place.file}:${line}:${column}`
    },
    problemAt: (place, finding) => ({
      file: place.file,
      ...position(place),
      path: pathText(finding.path),
      message: messageOf(finding),
      ...(finding.suggestion === undefined ? {} : { suggestion: finding.suggestion }),
    }),
    inOrder,
    failure: (problems) => new BlueprintError(inOrder(problems), (file) => files.get(file)?.lines),
  }
}
