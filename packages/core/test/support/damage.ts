/** Mistakes that disks and pipes make with bytes. */
import fc from 'fast-check'

export type Damage = (bytes: Buffer) => Buffer

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

export const place: fc.Arbitrary<number> = fc.noBias(fc.nat(99_999)).map((share) => share / 100_000)

/** The place in something of a length. */
export const at = (share: number, length: number): number => Math.floor(share * length)

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
