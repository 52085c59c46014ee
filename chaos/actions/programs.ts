/** The programs that missions run, and what is planned for them. */
import { join } from 'node:path'
import type { Plan } from '../ledger.ts'
import type { Chance } from '../random.ts'

const program = (name: string): string => join(import.meta.dirname, '..', 'programs', name)

export function planOf(of: Chance): Plan {
  const isLong = of.percent(20)
  return {
    lines: isLong ? of.between(50, 400) : of.between(0, 30),
    pauseSeconds: of.percent(30) ? 0 : of.of([0.01, 0.05, 0.2]),
    code: of.of([0, 0, 0, 1, 3, 77]),
    manner: of.of(['plain', 'plain', 'plain', 'stubborn', 'leaves', 'strays', 'stops-itself'] as const),
  }
}

export function counts(notes: string, { lines, pauseSeconds, code, manner }: Plan): readonly string[] {
  return ['sh', program('counts.sh'), notes, String(lines), String(pauseSeconds), String(code), manner]
}

export const hears = (notes: string): readonly string[] => ['sh', program('hears.sh'), notes]

export const readsTyping = (notes: string): readonly string[] => ['sh', program('reads-typing.sh'), notes]

export const serves = (notes: string, version: number): readonly string[] => [
  'sh',
  program('serves.sh'),
  notes,
  String(version),
]

export const meetsItsTime = (notes: string, ritual: string, seconds: number): string =>
  ['exec sh', program('meets-its-time.sh'), notes, ritual, seconds].join(' ')
