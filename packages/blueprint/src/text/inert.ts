/** Controls, and the characters that change the direction of text or the line, or that nobody sees. */
const UNSAFE = /[\p{Cc}\p{Bidi_Control}\u2028\u2029\u200b\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/gu

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
