/** Mistakes that disks, pipes and programs make with what is written line by line. */
import fc from 'fast-check'
import { at, byteDamage, type Damage, place } from '../../../../core/test/support/damage.ts'
import { oddValue, otherField } from './values.ts'

const NEWLINE = '\n'

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

/** Of a number in JSON. */
const numberDamage: fc.Arbitrary<Damage> = fc
  .tuple(
    place,
    fc.constantFrom('-1', '-7e9', '0.5', '1e308', '1e999', '-1e999', '99999999999999999999', 'null'),
  )
  .map(([share, other]) => (bytes: Buffer): Buffer => {
    const text = bytes.toString('latin1')
    const numbers = [...text.matchAll(/(?<=":)-?\d[\d.e+-]*/g)]
    const found = numbers[at(share, numbers.length)]
    if (found === undefined) return bytes
    const end = found.index + found[0].length
    return Buffer.from(`${text.slice(0, found.index)}${other}${text.slice(end)}`, 'latin1')
  })

/** Some mistakes, one after the other. */
export const damages: fc.Arbitrary<Damage> = fc
  .array(fc.oneof(byteDamage, { arbitrary: lineDamage, weight: 3 }, numberDamage, numberDamage), {
    minLength: 1,
    maxLength: 4,
  })
  .map(
    (all) =>
      (bytes: Buffer): Buffer =>
        all.reduce((damaged, damage) => damage(damaged), bytes),
  )
