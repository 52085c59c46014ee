import { HIDDEN } from '@overmind/core/text'

const UNSAFE = new RegExp(String.raw`[\p{Cc}${HIDDEN}]`, 'gu')

/** A text on one line in which every control character is shown as what it is: a file is not trusted with the terminal. */
export function inert(text: string): string {
  return text.replace(
    UNSAFE,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  )
}

/** The same, and not longer than people read. */
export function brief(text: string): string {
  const characters = Array.from(inert(text.slice(0, 400)))
  return characters.length <= 60 ? characters.join('') : `${characters.slice(0, 59).join('')}…`
}
