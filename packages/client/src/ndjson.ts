import { parse } from './connection.ts'

const NEWLINE = 0x0a

/** The values of a stream of JSON lines, each as soon as its line is complete. An unfinished last line is dropped. */
export async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<unknown, void, undefined> {
  let parts: Buffer[] = []
  for await (const chunk of chunks) {
    let from = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      const line = Buffer.concat([...parts, chunk.subarray(from, end)]).toString('utf8')
      parts = []
      from = end + 1
      if (line.trim() !== '') yield parse(line)
    }
    if (from < chunk.length) parts.push(chunk.subarray(from))
  }
}
