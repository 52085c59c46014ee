/**
 * What stands between the brackets of a regular expression for characters that change the direction of text or the line, or that
 * nobody sees. Who shows a text that is not trusted shows these as what they are.
 */
export const HIDDEN: string = String.raw`\p{Bidi_Control}\u2028\u2029\u200b\u2060-\u206f\ufeff\u{e0000}-\u{e007f}`
