/** What is typed arrives once and in order; what is written is seen, logged and recorded once and in order. */
import { doublesOf, isWithin, type Kept, keptOf, type Law, type Records, runsOf } from '../sight.ts'

const HEARD = 'heard '

export const typingArrivesOnce: Law = (sight) =>
  terminalsOf(sight).flatMap((kept) => {
    const { entry, mission } = kept
    const terminal = `the terminal of ${mission.id} (${entry.name})`
    const read = runsOf(mission).flatMap((run) => readIn(sight.records, kept, run))
    const known = new Set(entry.typed.map(({ text }) => text))
    const shown = entry.typed.filter(({ fate }) => fate === 'shown')
    return [
      ...doublesOf(read).map((text) => `${terminal} read ${text} more than once`),
      ...read
        .filter((text) => !known.has(text))
        .map((text) => `${terminal} read ${text}, which nobody typed`),
      ...shown
        .filter(({ text }) => !read.includes(text))
        .map(({ text }) => `${terminal} shows ${text}, which its program never read`),
      ...entry.typed
        .filter(({ fate }) => fate === 'not-shown')
        .map(({ text }) => `${terminal} never showed ${text}, which was typed`),
      ...[...Map.groupBy(entry.typed, ({ typist }) => typist)]
        .filter(([, typed]) => {
          const texts = typed.map(({ text }) => text)
          return !isWithin(
            [...new Set(read)].filter((text) => texts.includes(text)),
            texts,
          )
        })
        .map(([typist]) => `${terminal} read what ${typist} typed in another order`),
    ]
  })

export const whatIsShownIsWhole: Law = (sight) =>
  terminalsOf(sight).flatMap((kept) => {
    const { entry, mission } = kept
    return runsOf(mission).flatMap((run) => {
      const read = readIn(sight.records, kept, run)
      const terminal = `run ${run} of ${mission.id} (${entry.name})`
      const kinds = [
        ['log', sight.records.output(mission.id, run)],
        ['recording', sight.records.recording(mission.id, run)],
      ] as const
      return [
        ...kinds.flatMap(([kind, lines]) => {
          const heard = heardIn(lines)
          // Whoever ends a terminal by force may take the last of it along.
          const isRight = entry.disturbed ? isWithin(heard, read) : heard.join('\n') === read.join('\n')
          return isRight
            ? []
            : [`${terminal} heard ${read.length} lines, and its ${kind} has ${differenceOf(heard, read)}`]
        }),
        ...entry.glimpses
          .filter((glimpse) => glimpse.run === run)
          .map(({ lines }) => heardIn(lines))
          .filter((seen) => !isPieceOf(seen, read))
          .map(
            (seen) => `${terminal} was seen to hear ${seen.join(', ')}, which is no piece of what it heard`,
          ),
      ]
    })
  })

function terminalsOf(sight: Parameters<Law>[0]): readonly Kept[] {
  return keptOf(sight).filter(({ entry }) => entry.program.kind === 'reads-typing')
}

function readIn(records: Records, { mission }: Kept, run: number): readonly string[] {
  return records.note(`${mission.id}.${run}.typed`) ?? []
}

const heardIn = (lines: readonly string[]): readonly string[] =>
  lines.flatMap((line) => (line.startsWith(HEARD) ? [line.slice(HEARD.length).trimEnd()] : []))

function differenceOf(heard: readonly string[], read: readonly string[]): string {
  const place = heard.findIndex((text, index) => text !== read[index])
  return place === -1 ? `only ${heard.length}` : `${JSON.stringify(heard[place])} as number ${place + 1}`
}

function isPieceOf(seen: readonly string[], read: readonly string[]): boolean {
  const from = seen[0] === undefined ? 0 : read.indexOf(seen[0])
  return from !== -1 && seen.every((text, index) => read[from + index] === text)
}
