/** Mistakes that disks, pipes and programs make with what is written line by line. */
import fc from 'fast-check'
import { oddValue, otherField } from './values.ts'

export type Damage = (bytes: Buffer) => Buffer

const NEWLINE = '\n'

const INVALID: readonly Buffer[] = [
  Buffer.of(0xff, 0xfe),
  Buffer.of(0xc3),
  Buffer.of(0xed, 0xa0, 0x80),
  Buffer.of(0),
  Buffer.of(0x0d),
  Buffer.from('\u2028'),
  Buffer.from('{'.repeat(1000)),
  Buffer.from('['.repeat(200_000)),
  Buffer.alloc(2_000_000, 'x'),
]

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

const at = (share: number, length: number): number => Math.floor(share * length)

/** Of the bytes, whatever they mean. */
export const byteDamage: fc.Arbitrary<Damage> = fc.oneof(
  fc.tuple(place, fc.nat(7)).map(([share, bit]) => (bytes: Buffer): Buffer => {
    const flipped = Buffer.from(bytes)
    const index = at(share, bytes.length)
    if (bytes.length > 0) flipped[index] = (flipped[index] ?? 0) ^ (1 << bit)
    return flipped
  }),
  place.map(
    (share) =>
      (bytes: Buffer): Buffer =>
        bytes.subarray(0, at(share, bytes.length)),
  ),
  fc.tuple(place, place).map(([from, length]) => (bytes: Buffer): Buffer => {
    const begin = at(from, bytes.length)
    return Buffer.concat([bytes.subarray(0, begin), bytes.subarray(begin + at(length, bytes.length - begin))])
  }),
  fc.tuple(place, fc.constantFrom(...INVALID)).map(([share, more]) => (bytes: Buffer): Buffer => {
    const index = at(share, bytes.length)
    return Buffer.concat([bytes.subarray(0, index), more, bytes.subarray(index)])
  }),
  fc.tuple(place, fc.nat(600)).map(([share, length]) => (bytes: Buffer): Buffer => {
    const zeroed = Buffer.from(bytes)
    const index = at(share, bytes.length)
    return zeroed.fill(0, index, Math.min(index + length, bytes.length))
  }),
)

/** Of whole lines, and of the JSON in them. */
const lineDamage: fc.Arbitrary<Damage> = fc
  .tuple(
    place,
    fc.oneof(
      fc.constant((lines: readonly string[], index: number) => lines.toSpliced(index, 1)),
      fc.constant((lines: readonly string[], index: number) => lines.toSpliced(index, 0, lines[index] ?? '')),
      place.map((share) => (lines: readonly string[], index: number): readonly string[] => {
        const other = at(share, lines.length)
        return lines.with(index, lines[other] ?? '').with(other, lines[index] ?? '')
      }),
      fc.tuple(fc.nat(1000), oddValue).map(
        (change) =>
          (lines: readonly string[], index: number): readonly string[] =>
            lines.with(index, withOtherField(lines[index] ?? '', change)),
      ),
    ),
  )
  .map(([share, change]) => (bytes: Buffer): Buffer => {
    const lines = bytes.toString('utf8').split(NEWLINE)
    return Buffer.from(change(lines, at(share, lines.length)).join(NEWLINE))
  })

function withOtherField(line: string, change: readonly [number, unknown]): string {
  try {
    return JSON.stringify(otherField(JSON.parse(line), change))
  } catch {
    return line
  }
}

/** Some mistakes, one after the other. */
export const damages: fc.Arbitrary<Damage> = fc
  .array(fc.oneof(byteDamage, { arbitrary: lineDamage, weight: 3 }), { minLength: 1, maxLength: 4 })
  .map(
    (all) =>
      (bytes: Buffer): Buffer =>
        all.reduce((damaged, damage) => damage(damaged), bytes),
  )
