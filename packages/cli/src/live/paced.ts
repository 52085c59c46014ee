export interface Pace {
  /** Milliseconds between two values, at the least. */
  readonly pauseMs: number
  /** Milliseconds after which the last value comes again when there is no newer one. Default: never. */
  readonly repeatMs?: number | undefined
}

/** The newest value of a source, at a pace; what is overtaken by a newer one is left out. Ends and fails with it. */
export async function* paced<T>(
  source: AsyncIterable<T>,
  { pauseMs, repeatMs }: Pace,
): AsyncGenerator<T, void, undefined> {
  let latest: { readonly value: T } | undefined
  let fresh = false
  let over = false
  let news = Promise.withResolvers<void>()
  const reading = read().finally(() => {
    over = true
    news.resolve()
  })
  reading.catch(() => {}) // thrown below

  async function read(): Promise<void> {
    for await (const value of source) {
      latest = { value }
      fresh = true
      news.resolve()
    }
  }

  while (!over || fresh) {
    const changed = news.promise
    if (!fresh) {
      await (repeatMs === undefined || latest === undefined
        ? changed
        : Promise.race([changed, sleep(repeatMs)]))
      if (over && !fresh) break
    }
    fresh = false
    news = Promise.withResolvers()
    if (latest !== undefined) yield latest.value
    if (!over) await sleep(pauseMs)
  }
  await reading
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
