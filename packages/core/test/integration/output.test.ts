import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { Mission } from '../../src/index.ts'
import { eventually, soon } from '../support/eventually.ts'
import { temporaryHome } from '../support/home.ts'
import { openSuccession } from '../support/succession.ts'
import { bench, bytesOf, node, sh, storyOf, textOf, textSoFar } from '../support/missions.ts'

const MEBIBYTE = 2 ** 20
const LIMIT = MEBIBYTE
const FLOOD = 200 * MEBIBYTE
const LINE = 64

const outputFile = (home: string, mission: Mission, run = 1): string =>
  join(home, 'output', `${mission.id}.${run}.log`)

/** The numbers of the lines that `numbered-lines.ts` wrote. */
function numbersIn(bytes: Buffer): number[] {
  return bytes
    .toString('latin1')
    .split('\n')
    .filter(Boolean)
    .map((line) => Number(line.replaceAll('.', '')))
}

describe('reading', () => {
  test('follows every line, once and in order, to the end', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: sh('ticking-lines.sh', '/nowhere', '2000') })
    const lines = (await textOf(mission)).split('\n')
    expect(lines).toEqual([...Array.from({ length: 2000 }, (_, index) => `line ${index}`), 'end 2000', ''])
  })

  test('by several readers gives each of them everything', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: node('numbered-lines.ts', String(4 * MEBIBYTE)) })
    const texts = await Promise.all(Array.from({ length: 6 }, () => bytesOf(mission)))
    const hashes = texts.map((bytes) => createHash('sha256').update(bytes).digest('hex'))
    expect(new Set(hashes).size).toBe(1)
    expect(numbersIn(texts[0]!)).toEqual(Array.from({ length: (4 * MEBIBYTE) / LINE }, (_, index) => index))
  })

  test('from an offset gives what is behind it', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: 'printf 0123456789' })
    await mission.exited()
    expect(await textOf(mission, { from: 4 })).toBe('456789')
    expect(await textOf(mission, { from: 10 })).toBe('')
    expect(await textOf(mission, { from: 1000, follow: false })).toBe('')
  })

  test('of a run that never was is an error that names it', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: 'true' })
    await mission.exited()
    for (const run of [0, 2, -1, 1.5, NaN]) {
      await expect((async () => textOf(mission, { run }))()).rejects.toMatchObject({ code: 'run_not_found' })
    }
  })

  test('without following gives what is there and ends', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: 'echo so far; exec sleep 1000' })
    await eventually(async () => (await textSoFar(mission)) === 'so far\n')
    expect(await textOf(mission, { follow: false })).toBe('so far\n')
  })

  test('that is aborted ends quietly, also while it waits', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: 'echo first; exec sleep 1000' })
    const abort = new AbortController()
    const reading = textOf(mission, { signal: abort.signal })
    await eventually(async () => (await textSoFar(mission)) === 'first\n')
    abort.abort()
    expect(await soon(reading, 'the reading')).toBe('first\n')
    expect(await textOf(mission, { signal: AbortSignal.abort() })).toBe('')
  })

  test('goes on to the end of the run when the mission is removed meanwhile', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: node('numbered-lines.ts', String(2 * MEBIBYTE)) })
    const reader = mission.output()
    const first = await reader.next()
    await mission.exited()
    await overmind.runtime.remove(mission.id)
    let length = first.value?.length ?? 0
    for await (const part of reader) length += part.length
    expect(length).toBe(2 * MEBIBYTE)
  })

  test('breaks off behind what is there when the runtime is closed and the mission kept: it is not its end', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: 'echo up; exec sleep 1000' })
    const parts: Uint8Array[] = []
    const reading = (async () => {
      for await (const part of mission.output()) parts.push(part)
    })()
    const broken = soon(reading, 'the reading', 2000).catch((error: unknown) => error)
    await eventually(async () => (await textSoFar(mission)) === 'up\n')
    await overmind.runtime.close({ missions: 'keep' })
    expect(await broken).toMatchObject({ code: 'runtime_closed' })
    expect(Buffer.concat(parts).toString()).toBe('up\n')
  })

  test('of each run is apart from the others', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({
      command: 'echo run $OVERMIND_RUN; exit 1',
      restart: 'on-failure',
      maxRestarts: 2,
      backoffMs: 1,
    })
    const first = textOf(mission, { run: 1 })
    await mission.exited()
    expect([await first, await textOf(mission, { run: 2 }), await textOf(mission)]).toEqual([
      'run 1\n',
      'run 2\n',
      'run 3\n',
    ])
  })
})

describe('output in the journal', () => {
  test('is a chain of ranges without a gap or an overlap', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({ command: sh('ticking-lines.sh', '/nowhere', '1500') })
    await mission.exited()
    let to = 0
    for await (const event of mission.events({ follow: false })) {
      if (event.type !== 'run.output') continue
      expect(event.from).toBe(to)
      expect(event.to).toBeGreaterThan(event.from)
      to = event.to
    }
    expect(to).toBe(statSync(outputFile(overmind.home.path, mission)).size)
  })

  test('does not grow with the number of lines', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({
      command: node('numbered-lines.ts', String(32 * MEBIBYTE)),
    })
    await mission.exited()
    expect((await storyOf(mission)).filter((type) => type === 'run.output').length).toBeLessThan(40)
  })

  test('that somebody takes away is no reason for a runtime to fall', async () => {
    await using home = await temporaryHome()
    const [file, ...args] = node('loses-its-output.ts', home.path)
    const { stdout } = await promisify(execFile)(file!, args)
    expect(stdout).toBe('stopped\n')
  })
})

describe('a limit', () => {
  test('keeps the newest output whole, at its offsets, and gives the rest back to the disk', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({
      command: node('numbered-lines.ts', String(FLOOD)),
      outputLimitBytes: LIMIT,
    })
    await mission.exited()
    const path = outputFile(overmind.home.path, mission)
    expect(statSync(path).size).toBe(FLOOD)
    await eventually(() => statSync(path).blocks * 512 <= 2 * LIMIT, { what: 'the disk is given back' })

    // The last piece is given back when the mission has ended already.
    await eventually(async () => FLOOD - (await newestTrim(mission)) <= LIMIT * 1.125, {
      what: 'the last trim',
    })
    const from = await newestTrim(mission)
    expect(from).toBeGreaterThan(FLOOD - 2 * LIMIT)
    expect(from).toBeLessThanOrEqual(FLOOD - LIMIT)
    const kept = await bytesOf(mission)
    expect(kept.length).toBe(FLOOD - from)
    expect(kept.includes(0)).toBe(false)
    const numbers = numbersIn(kept)
    expect(numbers).toEqual(
      Array.from({ length: numbers.length }, (_, index) => FLOOD / LINE - numbers.length + index),
    )
  })

  test('holds while the flood goes on', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({
      command: node('numbered-lines.ts', String(FLOOD)),
      outputLimitBytes: LIMIT,
    })
    const path = outputFile(overmind.home.path, mission)
    let most = 0
    while (mission.view().state.exit === null) {
      most = Math.max(most, statSync(path).blocks * 512)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(most).toBeLessThan(FLOOD / 2)
  })

  test('never shows a reader a byte that was not written, however slow it is', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({
      command: [
        '/bin/sh',
        '-c',
        '"$@"; while [ ! -e "$OVERMIND_HOME/go" ]; do sleep 0.01; done; echo end',
        'sh',
        ...node('numbered-lines.ts', String(FLOOD)),
      ],
      outputLimitBytes: LIMIT,
    })
    const reader = mission.output()
    const first = await reader.next()
    const parts = [Buffer.from(first.value ?? [])]
    await eventually(() => statSync(outputFile(overmind.home.path, mission)).size === FLOOD)
    await eventually(async () => (await newestTrim(mission)) > FLOOD / 2)
    await writeFile(join(overmind.home.path, 'go'), '')
    for await (const part of reader) parts.push(Buffer.from(part))
    const all = Buffer.concat(parts)
    expect(all.includes(0)).toBe(false)
    expect(all.subarray(-4).toString()).toBe('end\n')
    expect(all.length).toBeLessThan(FLOOD / 2)
  })

  test('does not touch output that is within it', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start({
      command: node('numbered-lines.ts', String(LIMIT)),
      outputLimitBytes: LIMIT,
    })
    await mission.exited()
    expect(await storyOf(mission)).not.toContain('run.trimmed')
    expect(numbersIn(await bytesOf(mission))).toHaveLength(LIMIT / LINE)
  })
})

describe('the output of earlier runs', () => {
  /** Writes 512 KiB in each of eight runs. */
  const EIGHT = {
    command: `head -c ${MEBIBYTE / 2} /dev/zero | tr '\\0' "$OVERMIND_RUN"; test "$OVERMIND_RUN" = 8`,
    outputLimitBytes: LIMIT,
    restart: 'on-failure',
    maxRestarts: 10,
    backoffMs: 1,
  } as const

  test('is kept up to the limit together, the newest, and the rest is given back to the disk', async () => {
    await using overmind = await bench()
    const mission = await overmind.runtime.start(EIGHT)
    expect(await mission.exited()).toMatchObject({ code: 0, run: 8 })
    const kept = (run: number): number => statSync(outputFile(overmind.home.path, mission, run)).blocks * 512
    await eventually(() => kept(5) === 0)
    expect([1, 2, 3, 4, 5, 6, 7, 8].map(kept)).toEqual([...Array(5).fill(0), ...Array(3).fill(MEBIBYTE / 2)])
    expect(await bytesOf(mission, { run: 5 })).toHaveLength(0)
    for (const run of [6, 7, 8])
      expect((await bytesOf(mission, { run })).toString()).toBe(String(run).repeat(MEBIBYTE / 2))
    expect(mission.history({ run: 5, types: ['run.trimmed'], limit: 9 })).toMatchObject([
      { to: MEBIBYTE / 2 },
    ])
  })

  test('is counted by a supervisor that follows, and of the oldest that is kept it is the end', async () => {
    await using succession = await openSuccession()
    const { id } = await succession.runtime().start({
      command: `head -c ${600 * 1024} /dev/zero | tr '\\0' x; echo end; exec sleep 1000`,
      outputLimitBytes: LIMIT,
    })
    const mission = (): Mission => succession.runtime().get(id)
    const written = (run: number): Promise<unknown> =>
      eventually(
        () =>
          mission().view().state.run === run &&
          statSync(outputFile(succession.home.path, mission(), run)).size === 600 * 1024 + 4,
      )
    await written(1)
    await mission().restart()
    await written(2)
    await succession.takeOver()
    await mission().restart()
    await eventually(() => mission().history({ run: 1, types: ['run.trimmed'], limit: 1 }).length === 1)
    const left = await bytesOf(mission(), { run: 1 })
    expect(left.length).toBeLessThanOrEqual(LIMIT - 600 * 1024)
    expect(left.length).toBeGreaterThan(LIMIT - 640 * 1024)
    expect(left.toString().endsWith('xxxend\n')).toBe(true)
    await mission().kill()
  })
})

async function newestTrim(mission: Mission): Promise<number> {
  let to = 0
  for await (const event of mission.events({ follow: false })) if (event.type === 'run.trimmed') to = event.to
  return to
}

test('one line of 300 MB costs a reader little memory', async () => {
  await using home = await temporaryHome()
  const [file, ...args] = node('reads-long-line.ts', String(300 * MEBIBYTE), home.path)
  const { stdout } = await promisify(execFile)(file!, args)
  const told = JSON.parse(stdout) as { read: number; code: number; grownBy: number }
  expect(told).toMatchObject({ read: 300 * MEBIBYTE, code: 0 })
  expect(told.grownBy).toBeLessThan(150 * MEBIBYTE)
})
