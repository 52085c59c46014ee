/** Requests of every kind for every operation of the served OpenAPI document. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { runs } from '../../../core/test/support/fuzz.ts'
import type { MissionView } from '../../src/index.ts'
import { eventually } from '../support/eventually.ts'
import { type Operation, operationsOf } from './support/document.ts'
import { type Exchange, exchange, throwAt } from './support/exchange.ts'
import { wrongWith } from './support/law.ts'
import { garbage, goodRequests, oddRequests, type Request } from './support/requests.ts'
import { openStage, type Stage } from './support/stage.ts'

let stage: Stage
let handles: number
let operations: readonly Operation[]

beforeAll(async () => {
  stage = await openStage()
  operations = operationsOf(await stage.daemon().get('/v1/openapi.json'))
  await stage.restore()
  await stage.empty()
  handles = stage.handles()
})
afterAll(() => stage[Symbol.asyncDispose]())

const SHUTDOWN = 'POST /v1/shutdown'

/** Ids of missions that requests have begun. */
const accepted = new Set<string>()

const seen = new Map<string, { accepted: number; refused: number }>()

/** What has to be so for an operation to be refused, when no request can bring that about. */
const REFUSALS: Readonly<Record<string, () => void>> = {
  'POST /v1/reload': () => stage.writeConfig('this is = no = settings'),
}

/** What has to be so for an operation to be accepted, beside what is always there. */
const PREPARATIONS: Readonly<Record<string, () => Promise<unknown>>> = {
  'DELETE /v1/missions/{reference}/terminal': () =>
    stage.daemon().call('PUT', '/v1/missions/talks/terminal', { body: { interrupt: true } }),
}

/** How long an operation is waited for that waits itself, or tells of what happens as it does. Milliseconds. */
function patience({ method, query, answers }: Operation): number | undefined {
  // It answers when an agent has been interrupted and begun anew.
  if (method === 'PUT') return 3000
  const types = [...(answers.get(200)?.keys() ?? [])]
  const isStream = types.some((type) => /ndjson|event-stream|octet/.test(type))
  return isStream || query.some((each) => each.name === 'timeout_ms') ? 500 : undefined
}

/** Whether what is asked can be wrong, and not only how. */
function canRefuse({ name, path, query, body }: Operation): boolean {
  return path.includes('{') || query.length > 0 || body !== undefined || name in REFUSALS
}

const begun = z.object({
  id: z.string().optional(),
  mission: z.object({ id: z.string() }).optional(),
  members: z.array(z.object({ mission: z.string() })).default([]),
})

function note({ name }: Operation, { status, text }: Exchange): void {
  const counts = seen.get(name) ?? { accepted: 0, refused: 0 }
  counts[status < 400 ? 'accepted' : 'refused'] += 1
  seen.set(name, counts)
  if (!name.startsWith('POST') || status >= 400) return
  const { id, mission, members } = begun.parse(JSON.parse(text))
  for (const each of [id, mission?.id, ...members.map((member) => member.mission)]) {
    if (each !== undefined) accepted.add(each)
  }
}

async function tryOut(operation: Operation, request: Request): Promise<void> {
  const { socket } = stage.daemon()
  const path = stage.path(request.path)
  const answer = await exchange(socket, { ...request, path }, patience(operation))
  if (answer === undefined) return
  const wrong = wrongWith(operation, request, answer)
  if (wrong !== undefined) throw new Error(wrong)
  if (request.astray) return
  note(operation, answer)
  if (answer.status < 400 && operation.name === SHUTDOWN) await stage.next()
}

type Requests = typeof goodRequests

/** Tries an operation out with requests of a kind; tells what was found, and what repeats it. */
async function findings(operation: Operation, requests: Requests): Promise<readonly string[]> {
  const property = fc.asyncProperty(requests(operation, stage.folder), async (request) => {
    await stage.restore()
    await tryOut(operation, request)
  })
  // Each of these costs the start of a daemon.
  const numRuns = runs(operation.name === SHUTDOWN ? 1 : 2)
  const { failed, errorInstance, counterexample, seed, counterexamplePath } = await fc.check(property, {
    numRuns,
  })
  const again = `seed ${seed}, path ${counterexamplePath}`
  return failed
    ? [`${operation.name}: ${String(errorInstance)}\n${fc.stringify(counterexample)}, ${again}`]
    : []
}

/** Goes on until an operation has been answered in this way. */
async function until(operation: Operation, way: 'accepted' | 'refused', requests: Requests): Promise<void> {
  for (const request of fc.sample(requests(operation, stage.folder), 300)) {
    if ((seen.get(operation.name)?.[way] ?? 0) > 0) return
    await stage.restore()
    if (way === 'accepted') await PREPARATIONS[operation.name]?.()
    await tryOut(operation, request)
  }
}

/** Missions that no answer told of, and that do not belong to one that was told of. */
function strangersIn(missions: readonly MissionView[]): readonly MissionView[] {
  const parents = new Map(missions.map(({ id, parent }) => [id, parent]))
  const isKnown = (id: string | null): boolean =>
    id !== null && (accepted.has(id) || stage.isOwn(id) || isKnown(parents.get(id) ?? null))
  return missions.filter(({ id }) => !isKnown(id))
}

test('every answer is documented, and what it says it is', async () => {
  const found: string[] = []
  for (const operation of operations) {
    found.push(...(await findings(operation, goodRequests)), ...(await findings(operation, oddRequests)))
    await until(operation, 'accepted', goodRequests)
    REFUSALS[operation.name]?.()
    if (canRefuse(operation)) await until(operation, 'refused', oddRequests)
    stage.writeConfig()

    for (const stranger of strangersIn(await stage.clear())) {
      found.push(`${operation.name}: nobody was told of ${JSON.stringify(stranger)}`)
    }
  }
  expect(found).toEqual([])
})

test('every operation was accepted, and refused where it can be', () => {
  const isMissing = (operation: Operation): boolean => {
    const { accepted: good = 0, refused: bad = 0 } = seen.get(operation.name) ?? {}
    return good === 0 || (bad === 0 && canRefuse(operation))
  }
  expect(operations.filter(isMissing).map(({ name }) => [name, seen.get(name)])).toEqual([])
})

test('whoever does not speak HTTP is refused, and nobody else notices', async () => {
  const { socket } = stage.daemon()
  await fc.assert(
    fc.asyncProperty(garbage, async (bytes) => {
      expect(await throwAt(socket, bytes)).toMatch(/^(HTTP\/1\.1 \d{3} |$)/)
    }),
    { numRuns: runs(60) },
  )
  expect(await stage.daemon().get('/v1/status')).toMatchObject({ pid: stage.daemon().pid })
})

test('afterwards the daemon holds no more than before, and has no fault in its log', async () => {
  await stage.empty()
  await eventually('handles are closed', () => stage.handles() <= handles)
  expect(stage.faults()).toEqual([])
})
