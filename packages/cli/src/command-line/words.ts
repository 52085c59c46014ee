/** What may stand beside the flags. */
export interface Words {
  /** How help shows them: `<id>…`. */
  readonly usage: string
  readonly least: number
  readonly most: number
  /** `mission`: each is an id, a name or the unique beginning of an id. */
  readonly kind: 'mission' | 'other'
  /** All that the first one can be. */
  readonly first?: readonly string[]
  /** From the first word on nothing is a flag: it all belongs to the command that is to be run. */
  readonly open?: true
  /** What stands behind `--` is for somebody else. */
  readonly passesOn?: true
}

export const NO_WORDS: Words = { usage: '', least: 0, most: 0, kind: 'other' }
export const SOME_MISSIONS: Words = { usage: '<id>…', least: 1, most: Infinity, kind: 'mission' }
export const ANY_MISSIONS: Words = { usage: '[<id>…]', least: 0, most: Infinity, kind: 'mission' }
