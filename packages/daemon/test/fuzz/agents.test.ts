/** What agents write, damaged: their missions are heard, shown and described as if nothing were. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { standIn } from '../../../claude/test/support/stand-in-program.ts'
import type { Damage } from '../../../core/test/support/damage.ts'
import { runs } from '../../../core/test/support/fuzz.ts'
import {
  answerSchema,
  askSchema,
  descriptionSchema,
  missionSchema,
  runListSchema,
  usageSchema,
} from '../../src/api/schemas.ts'
import type { AskView, StartRequest } from '../../src/index.ts'
import { type Daemon, events, mission, show, startDaemon } from '../support/daemon.ts'
import { eventually } from '../support/eventually.ts'
import { type TemporaryHome, temporaryHome } from '../support/home.ts'
import { damages } from './support/damage.ts'

const ACP_AGENT = join(import.meta.dirname, '../../../acp/test/programs/agent.ts')
const PATH = `${join(process.execPath, '..')}:/usr/bin:/bin`

/** Writes a recording in pieces, and then waits as an agent does. */
const REPLAY = `#!/bin/sh
case "$1" in --version) echo '2.1.330 (Claude Code)'; exit;; esac
dd if="$RECORDING" bs="$PIECE" status=none
exec cat >/dev/null
`

let home: TemporaryHome
let daemon: Daemon

interface Kind {
  readonly name: string
  /** A real one, and what is said to it. */
  readonly real: () => StartRequest
  readonly says: readonly string[]
  readonly replayed: () => StartRequest
  /** A line behind the damage; what it says is seen in the mission. */
  readonly sign: string
}

const SIGN = 'behind-the-damage'

const KINDS: readonly Kind[] = [
  {
    name: 'Claude Code',
    real: () => ({
      provider: 'claude',
      env: {
        ...standIn.env,
        HOME: home.folder,
        PATH,
        CLAUDE_CODE_OAUTH_TOKEN: 'of nobody',
        OVERMIND_CLAUDE: standIn.path,
      },
    }),
    says: [
      'hello',
      '::thinking Hm\n::tool Bash {"command":"touch here"}\n::next\n::text done',
      '::error 529 x1\n::text so',
    ],
    replayed: () => ({
      provider: 'claude',
      env: { HOME: home.folder, PATH, OVERMIND_CLAUDE: home.file('replay') },
    }),
    sign: JSON.stringify({ type: 'system', subtype: 'init', session_id: SIGN, model: 'm' }),
  },
  {
    name: 'an agent of the Agent Client Protocol',
    real: () => ({
      provider: 'acp',
      options: { agent: [process.execPath, ACP_AGENT, home.folder] },
      env: { PATH },
    }),
    says: ['hello', 'ask notes.txt', 'read notes.txt', 'fail'],
    replayed: () => ({ provider: 'acp', options: { agent: home.file('replay') }, env: { PATH } }),
    sign: JSON.stringify({ jsonrpc: '2.0', id: 'overmind-session-new', result: { sessionId: SIGN } }),
  },
]

beforeAll(async () => {
  home = await temporaryHome()
  mkdirSync(home.path, { mode: 0o700 })
  writeFileSync(home.file('replay'), REPLAY)
  chmodSync(home.file('replay'), 0o700)
  daemon = await startDaemon(home.path)
})
afterAll(() => home[Symbol.asyncDispose]())

async function asks(): Promise<readonly AskView[]> {
  return (await daemon.get<{ readonly asks: readonly AskView[] }>('/v1/inbox')).asks
}

/** What a real one writes when it is told some things, and allowed what it asks. */
async function recording({ real, says }: Kind): Promise<Buffer> {
  const { id } = await daemon.post<{ id: string }>('/v1/missions', {
    type: 'session',
    cwd: home.folder,
    ...real(),
  })
  for (const text of says) {
    await daemon.post(`/v1/missions/${id}/messages`, { text })
    await eventually('it has answered', async () => {
      for (const { ask } of await asks()) {
        await daemon.call('POST', `/v1/missions/${id}/asks/${ask}`, { body: { decision: 'allow' } })
      }
      return (await show(daemon, id)).messages === 0
    })
  }
  const bytes = await daemon.bytes(`/v1/missions/${id}/output?run=1`)
  await daemon.post(`/v1/missions/${id}/kill`)
  return bytes
}

/** Everything that is told of a mission is what the document says it is. */
async function everyView(id: string): Promise<void> {
  missionSchema.parse(await show(daemon, id))
  descriptionSchema.parse(await daemon.get(`/v1/missions/${id}/description`))
  runListSchema.parse(await daemon.get(`/v1/missions/${id}/runs`))
  usageSchema.parse(await daemon.get('/v1/usage'))
  for (const ask of await asks()) askSchema.parse(ask)
  await events(daemon, id)
  for (const query of ['', '?raw=true', '?timestamps=true', '?tail=3']) {
    await daemon.text(`/v1/missions/${id}/logs${query}`)
  }
  const result = await daemon.call('GET', `/v1/missions/${id}/result`)
  if (result.status === 404) expect(result.body).toMatchObject({ code: 'no_result' })
  else answerSchema.parse(result.body)
}

describe.each(KINDS)('what $name writes', (kind) => {
  test('may be damaged: nothing fails, and what comes behind it is understood', async () => {
    const whole = await recording(kind)
    const path = home.file(`recording-${kind.replayed().provider}`)
    const tryOut = async (damage: Damage, piece: number): Promise<void> => {
      writeFileSync(path, Buffer.concat([damage(whole), Buffer.from(`\n${kind.sign}\n`)]))
      const { env, ...replayed } = kind.replayed()
      const { id } = await daemon.post<{ id: string }>('/v1/missions', {
        type: 'session',
        cwd: home.folder,
        ...replayed,
        env: { ...env, RECORDING: path, PIECE: String(piece) },
      })
      await mission(
        daemon,
        id,
        'is behind the damage, or has ended',
        (view) => view.session_id === SIGN || view.exited_at !== null,
      )
      await everyView(id)
      await daemon.call('POST', `/v1/missions/${id}/kill`)
      await everyView(id)
      await daemon.post('/v1/prune')
      expect(faults()).toEqual([])
    }
    await fc.assert(fc.asyncProperty(damages, fc.constantFrom(7, 100, 4096, 65_536), tryOut), {
      numRuns: runs(4),
    })
  })
})

function faults(): readonly string[] {
  return readFileSync(join(home.path, 'daemon.log'), 'utf8')
    .split('\n')
    .filter((line) => /"level":[56]0/.test(line))
}
