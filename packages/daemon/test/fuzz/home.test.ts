/** A home whose files were damaged while no daemon ran: the next one takes over what is left, and loses nothing itself. */
import {
  copyFileSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { at, byteDamage, type Damage, place } from '../../../core/test/support/damage.ts'
import { runs } from '../../../core/test/support/fuzz.ts'
import { type Daemon, events, list, startDaemon, tryDaemon, waitFor } from '../support/daemon.ts'
import { type TemporaryHome, temporaryHome } from '../support/home.ts'
import { type History, makeHistory } from './support/history.ts'

interface Blow {
  /** Which of the files, as a share of them. */
  readonly where: number
  readonly what: 'bytes' | 'deleted' | 'a folder' | 'a link' | 'a link to nowhere'
  readonly damages: readonly Damage[]
}

const blow: fc.Arbitrary<Blow> = fc.record({
  where: place,
  what: fc.oneof(
    { weight: 3, arbitrary: fc.constant('bytes' as const) },
    fc.constantFrom('deleted' as const, 'a folder' as const, 'a link' as const, 'a link to nowhere' as const),
  ),
  damages: fc.array(byteDamage, { minLength: 1, maxLength: 3 }),
})

/** Strikes a file of a home, and tells which. */
function strike(home: TemporaryHome, { files }: History, { where, what, damages }: Blow): string {
  const name = files[at(where, files.length)] ?? ''
  const path = join(home.path, name)
  // Struck before.
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return name
  if (what === 'bytes') {
    writeFileSync(
      path,
      damages.reduce<Buffer>((bytes, damage) => damage(bytes), readFileSync(path)),
    )
    return name
  }
  rmSync(path, { recursive: true, force: true })
  if (what === 'a folder') mkdirSync(path)
  if (what === 'a link') symlinkSync(home.file('outside/file'), path)
  if (what === 'a link to nowhere') symlinkSync(home.file('outside/nothing'), path)
  return name
}

const OUTSIDE = 'nobody of a home has any business here\n'

function outside(home: TemporaryHome): unknown {
  const folder = home.file('outside')
  return readdirSync(folder).map((name) => {
    const { mode, size } = statSync(join(folder, name))
    return { name, mode, size, text: readFileSync(join(folder, name), 'utf8') }
  })
}

/** Every route that only reads answers, and never that something went wrong in the daemon. */
async function readEverything(daemon: Daemon): Promise<void> {
  const missions = await list(daemon)
  const paths = missions.flatMap(({ id }) =>
    ['', '/description', '/logs', '/logs?raw=true&timestamps=true', '/runs', '/output', '/result'].map(
      (end) => `/v1/missions/${id}${end}`,
    ),
  )
  const others = ['status', 'missions', 'events', 'inbox', 'usage', 'queue', 'teams', 'hooks', 'hooks/dead']
  for (const path of [...others.map((name) => `/v1/${name}`), ...paths]) {
    const { status, text } = await daemon.call('GET', path)
    expect([200, 404], `${path}: ${text.slice(0, 500)}`).toContain(status)
  }
}

/** A daemon on the home, or one on what is left when it has said which file it cannot use and that file is put away. */
async function takeOver(home: TemporaryHome, struck: readonly string[]): Promise<Daemon> {
  for (const name of struck) {
    const news = await tryDaemon(home.path)
    if ('ready' in news) {
      process.kill(news.pid, 'SIGKILL')
      break
    }
    if ('died' in news) throw new Error(`it died without a word: ${news.stderr}`)
    const { code, message } = news.error
    expect({ code, message }).not.toMatchObject({ code: 'internal' })
    const named = struck.find((each) => message.includes(each))
    expect(named, `${code}: ${message} (${name})`).toBeDefined()
    renameSync(join(home.path, named ?? ''), home.file(`put-away-${(named ?? '').replaceAll('/', '-')}`))
  }
  return startDaemon(home.path)
}

test('a daemon takes over a damaged home', async () => {
  const property = fc.asyncProperty(fc.array(blow, { minLength: 1, maxLength: 3 }), async (blows) => {
    await using home = await temporaryHome()
    mkdirSync(home.file('outside'))
    writeFileSync(home.file('outside/file'), OUTSIDE)
    const before = outside(home)
    const history = await makeHistory(home)
    const struck = blows.map((each) => strike(home, history, each))
    const context = JSON.stringify(blows.map(({ what }, index) => [struck[index], what]))
    try {
      const daemon = await takeOver(home, struck)
      await readEverything(daemon)
      const missions = new Map((await list(daemon)).map((each) => [each.id, each]))
      const isWhole = (part: string): boolean => !struck.some((name) => name.startsWith(part))

      for (const { id } of history.live) expect(missions.has(id)).toBe(true)
      if (isWhole('overmind.db')) {
        for (const { id, name, exit_code: code } of history.ended) {
          expect(missions.get(id)).toMatchObject({ name, exit_code: code })
          if (!isWhole(`output/${id}`)) continue
          expect(await daemon.text(`/v1/missions/${id}/logs?raw=true`)).toBe(history.logs.get(id))
        }
      } else if ((await events(daemon)).some(({ type }) => type === 'store.replaced')) {
        expect(readdirSync(home.path).filter((name) => name.startsWith('overmind.db.damaged-'))).not.toEqual(
          [],
        )
      }
      history.finish()
      if (isWhole('runs')) expect((await waitFor(daemon, history.finishing)).exit_code).toBe(7)
      else expect((await waitFor(daemon, history.finishing)).exited_at).not.toBeNull()
      await daemon.shutdown(false)
      expect(outside(home)).toEqual(before)
    } catch (error) {
      throw new Error(`after ${context}: ${String(error)}`, { cause: error })
    }
  })
  await fc.assert(property, { numRuns: runs(2), endOnFailure: true })
})

test('a daemon takes over a damaged store, and damages in its texts are not found by SQLite', async () => {
  await using past = await temporaryHome()
  const { files } = await makeHistory(past)
  const parts = files.filter((name) => /^overmind\.db(-wal)?$/.test(name))
  expect(parts.length).toBeGreaterThan(0)
  // Nothing lives here: only what is on disk is taken over.
  const property = fc.asyncProperty(
    fc.constantFrom(...parts),
    fc.array(byteDamage, { minLength: 1, maxLength: 4 }),
    async (part, damages) => {
      await using home = await temporaryHome()
      mkdirSync(home.path, { mode: 0o700 })
      for (const name of parts) copyFileSync(join(past.path, name), join(home.path, name))
      const path = join(home.path, part)
      writeFileSync(
        path,
        damages.reduce<Buffer>((bytes, damage) => damage(bytes), readFileSync(path)),
      )
      const daemon = await startDaemon(home.path)
      await readEverything(daemon)
      await daemon.shutdown(false)
    },
  )
  await fc.assert(property, { numRuns: runs(2), endOnFailure: true })
})
