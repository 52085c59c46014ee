export type Colour = 'red' | 'green' | 'yellow' | 'dim' | 'bold'

const CODES: Readonly<Record<Colour, number>> = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 }

export type Paint = (colour: Colour, text: string) => string

/** No colours. */
export const plain: Paint = (_, text) => text

/** Colours as terminals understand them. */
export const coloured: Paint = (colour, text) => `\x1b[${CODES[colour]}m${text}\x1b[0m`
