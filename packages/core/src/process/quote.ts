/** A word as a POSIX shell reads it back: inside single quotes everything is itself, but a single quote. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
