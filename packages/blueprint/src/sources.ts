import { type Finding, messageOf, pathText } from './document/finding.ts'
import type { Place } from './document/tree.ts'
import { BlueprintError, type Problem } from './problem.ts'
import { linesOf, positionIn, withoutMark } from './text/lines.ts'

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
  const texts = new Map<string, string>()
  const textOf = (file: string): string => texts.get(file) ?? ''
  const position = ({ file, offset }: Place): ReturnType<typeof positionIn> =>
    positionIn(textOf(file), offset)

  function inOrder(problems: readonly Problem[]): readonly Problem[] {
    const files = [...texts.keys()]
    return problems.toSorted(
      (a, b) =>
        files.indexOf(a.file ?? '') - files.indexOf(b.file ?? '') ||
        (a.line ?? 0) - (b.line ?? 0) ||
        (a.column ?? 0) - (b.column ?? 0),
    )
  }

  return {
    add: (file, text) => {
      texts.set(file, text)
    },
    slice: ({ file, offset }, end) => withoutMark(textOf(file)).slice(offset, end),
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
    failure: (problems) => {
      const lines = new Map([...texts].map(([file, text]) => [file, linesOf(text)]))
      return new BlueprintError(inOrder(problems), (file) => lines.get(file))
    },
  }
}
