/** Looks at missions while this process may open no more files, which its limit makes so, and says what has been found. */
import { closeSync, openSync } from 'node:fs'
import { createServer } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { createRuntime } from '@overmind/core'
import { keepAlive, whenReady } from '../../src/pipeline/probe.ts'

/** Long enough for many looks that find nothing. Milliseconds. */
const SHORTAGE_MS = 500

function hoard(): readonly number[] {
  const files: number[] = []
  try {
    for (;;) files.push(openSync('/dev/null', 'r'))
  } catch {
    return files
  }
}

const server = createServer((_, response) => response.end('fine'))
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const address = server.address()
const port = typeof address === 'object' ? address?.port : undefined

await using runtime = await createRuntime({ onFault: () => {} })
const mission = await runtime.start({ command: 'echo up; exec sleep 1000' })
await mission.until(({ phase }) => phase === 'running.up')
const every = { intervalMs: 20, timeoutMs: 5000 }
const leaving = new AbortController()
const { signal } = leaving
const unhealthy: string[] = []
const looks = [
  { kind: 'exec', argv: ['true'], every },
  { kind: 'http', url: `http://127.0.0.1:${port}/`, every },
] as const

const hoarded = hoard()
const ready = Promise.all(
  [{ kind: 'output', text: 'up' } as const, ...looks].map((probe) => whenReady(mission, probe, { signal })),
)
const kept = looks.map((look) =>
  keepAlive(mission, { look, failures: 3 }, { signal, found: () => unhealthy.push(look.kind) }),
)
const early = await Promise.race([ready.then(() => true), pause(SHORTAGE_MS, false)])
for (const file of hoarded) closeSync(file)
const later = await ready
leaving.abort()
await Promise.allSettled(kept)
server.closeAllConnections()
server.close()
console.log(JSON.stringify({ early, later, unhealthy }))
