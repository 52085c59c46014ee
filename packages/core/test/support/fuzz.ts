/**
 * How many times a fuzz test tries something: its share in `npm test`, or with `FUZZ` in the environment so many times that.
 */
export function runs(share: number): number {
  return Math.max(1, Math.round(share * Number(process.env['FUZZ'] ?? 1)))
}
