/** Reads the text of a flag. @throws BadValue that says what the text must be. */
export type Reader<T> = (text: string) => T

/** `message` goes on after the flag's name: `must be a whole number`. */
export class BadValue extends Error {
  override readonly name = 'BadValue'
  /** When scripts know this mistake by a code of its own. */
  readonly code: string | undefined

  constructor(message: string, code?: string) {
    super(message)
    this.code = code
  }
}

interface Described {
  readonly summary: string
  /** One letter. */
  readonly short?: string
}

/** On or off. */
export interface Switch extends Described {
  readonly kind: 'switch'
}

/** Followed by a value; given twice, the last one counts. */
export interface Valued<T> extends Described {
  readonly kind: 'value'
  /** What stands for the value in help. */
  readonly placeholder: string
  readonly read: Reader<T>
  /** All possible values, for completion. */
  readonly choices?: readonly string[]
}

/** Followed by a value, and may be given many times. */
export interface Listed<T> extends Omit<Valued<T>, 'kind'> {
  readonly kind: 'list'
}

export type Flag = Switch | Valued<unknown> | Listed<unknown>
export type Flags = Readonly<Record<string, Flag>>

export type Values<F extends Flags> = {
  readonly [K in keyof F]: F[K] extends Switch
    ? boolean
    : F[K] extends Valued<infer T>
      ? T | undefined
      : F[K] extends Listed<infer T>
        ? readonly T[]
        : never
}

export function flag(summary: string, options: { readonly short?: string } = {}): Switch {
  return { kind: 'switch', summary, ...options }
}

export function value<T>(
  placeholder: string,
  summary: string,
  read: Reader<T>,
  options: { readonly short?: string } = {},
): Valued<T> {
  return { kind: 'value', placeholder, summary, read, ...options }
}

export function list<T>(placeholder: string, summary: string, read: Reader<T>): Listed<T> {
  return { kind: 'list', placeholder, summary, read }
}

/** One of a few words. */
export function choice<const T extends string>(
  choices: readonly T[],
  summary: string,
  options: { readonly code?: string; readonly also?: Readonly<Record<string, T>> } = {},
): Valued<T> {
  const read: Reader<T> = (text) => {
    const found = choices.find((each) => each === text) ?? options.also?.[text]
    if (found === undefined) throw new BadValue(`must be one of ${choices.join(', ')}`, options.code)
    return found
  }
  return { kind: 'value', placeholder: choices.join('|'), summary, read, choices }
}
