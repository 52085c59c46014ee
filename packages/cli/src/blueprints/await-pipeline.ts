import type { MissionView, OvermindClient, PipelineView } from '@overmind/client'

/** `paused`: it does not go on by itself, and why, as its log says. */
export type Awaited = { readonly over: MissionView } | { readonly paused: string }

const PAUSED = /^\[[^\]]+\] paused: /

/** Waits until a pipeline has exited, or stops to replace copies because one of them failed. */
export async function awaitPipeline(
  client: OvermindClient,
  { mission, outcome }: PipelineView,
): Promise<Awaited> {
  const done = new AbortController()
  const { signal } = done
  const over = client.wait(mission.id, { signal }).then((view): Awaited => ({ over: view }))
  const paused = (async (): Promise<Awaited> => {
    // What one that goes on said before it was applied again is no news.
    const tail = outcome === 'unchanged' ? 0 : undefined
    for await (const { text } of client.logLines(mission.id, {
      run: mission.run,
      follow: true,
      tail,
      signal,
    }))
      if (PAUSED.test(text)) return { paused: text }
    return over
  })()
  try {
    return await Promise.race([over, paused])
  } finally {
    done.abort()
    await Promise.allSettled([over, paused])
  }
}
