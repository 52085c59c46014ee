import type { OvermindClient } from '@overmind/client'
import { MOST_BYTES } from './answer.ts'
import { ToolFailure } from './failures.ts'
import { fromCharacter, lastLines, type Part } from './inert.ts'
import { patiently } from './patience.ts'

export interface OutputOptions {
  readonly lines: number
  /** Counted from 1. Default: the newest that has written something. */
  readonly run?: number | undefined
  readonly signal: AbortSignal
}

/** The end of what a mission wrote, byte for byte; of an output of any size no more is read than what is shown. */
export async function writtenBy(
  client: OvermindClient,
  id: string,
  { lines, run, signal }: OutputOptions,
): Promise<Part> {
  const { output } = await patiently(() => client.describe(id, { signal }), signal)
  const file = output
    .filter(({ run: of, stream }) => (run === undefined || of === run) && stream !== 'stderr')
    .toSorted((a, b) => a.run - b.run)
    .at(-1)
  if (file === undefined) {
    if (run === undefined) return { text: '', truncated: false }
    throw new ToolFailure('run_not_found', `mission ${id} has had no run ${run}`)
  }
  const from = Math.max(0, file.bytes - MOST_BYTES)
  const read = (): Promise<Buffer> => lastOf(client.output(id, { run: file.run, from, signal }))
  const bytes = await patiently(read, signal)
  const part = lastLines(from > 0 ? fromCharacter(bytes) : bytes, { lines, bytes: MOST_BYTES })
  return { ...part, truncated: part.truncated || from > 0 }
}

/** The end of what an agent said and did, as people read it. */
export async function saidBy(
  client: OvermindClient,
  id: string,
  { lines, run, signal }: OutputOptions,
): Promise<Part> {
  const read = (): Promise<Buffer> => lastOf(client.logs(id, { tail: lines, run, signal }))
  return lastLines(await patiently(read, signal), { lines, bytes: MOST_BYTES })
}

/** Reads to the end and keeps twice what can be shown, which tells whether something was left out. */
async function lastOf(source: AsyncIterable<Buffer>): Promise<Buffer> {
  let kept = Buffer.alloc(0)
  for await (const piece of source) {
    kept = Buffer.concat([kept, piece])
    if (kept.length > 4 * MOST_BYTES) kept = kept.subarray(-2 * MOST_BYTES)
  }
  return kept
}
