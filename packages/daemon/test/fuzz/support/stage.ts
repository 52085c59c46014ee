/** A daemon with something of everything, which is put right whenever somebody has stopped or removed some of it. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { standIn } from '../../../../claude/test/support/stand-in-program.ts'
import type { AskView, MissionView, PipelineView, StartRequest, TeamView } from '../../../src/index.ts'
import { type Daemon, list, startDaemon } from '../../support/daemon.ts'
import { eventually } from '../../support/eventually.ts'
import { type TemporaryHome, temporaryHome } from '../../support/home.ts'

const PATH = '/usr/bin:/bin'

const CONFIG = `
[[hooks]]
name = "works"
events = ["mission.removed"]
command = ["true"]

[[hooks]]
name = "fails"
events = ["mission.removed"]
command = ["false"]
`

const NONE = '00000000-0000-4000-8000-000000000000'

/** An agent that asks before it does something, as soon as it is told to. */
const ASKING = '::tool Bash {"command":"touch here"}\n::next\n::text done'

export interface Stage extends AsyncDisposable {
  readonly home: TemporaryHome
  /** Where missions run. */
  readonly folder: string
  daemon(): Daemon
  /** Everything is there again. */
  restore(): Promise<void>
  /** Whether a mission was begun by the stage. */
  isOwn(id: string): boolean
  /** A request's path with the ids of now. */
  path(path: string): string
  writeConfig(text?: string): void
  /** Another daemon, after one that was asked to end. */
  next(): Promise<void>
  /** Ends what is not of the stage, and tells what there was. */
  clear(): Promise<readonly MissionView[]>
  /** Ends and forgets all there is. */
  empty(): Promise<void>
  handles(): number
  /** Faults of the daemon that its log tells of. */
  faults(): readonly string[]
}

export async function openStage(): Promise<Stage> {
  const home = await temporaryHome()
  const folder = home.file('work')
  mkdirSync(folder)
  mkdirSync(home.path, { mode: 0o700 })
  const writeConfig = (text = CONFIG): void => writeFileSync(join(home.path, 'config.toml'), text)
  writeConfig()
  const options = { env: { HOME: folder, PATH } }
  let daemon = await startDaemon(home.path, options)
  /** Ids of missions that the stage began. */
  const own = new Set<string>()
  const ids = { MESSAGE: NONE, ANSWERED: NONE, ASK: 'none' }

  const talks: StartRequest = {
    name: 'talks',
    provider: 'claude',
    type: 'session',
    cwd: folder,
    env: {
      ...standIn.env,
      HOME: folder,
      PATH: `${join(process.execPath, '..')}:${PATH}`,
      CLAUDE_CODE_OAUTH_TOKEN: 'of nobody',
      OVERMIND_CLAUDE: standIn.path,
    },
  }

  async function asks(): Promise<readonly AskView[]> {
    return (await daemon.get<{ asks: readonly AskView[] }>('/v1/inbox')).asks
  }

  async function restoreAsk(): Promise<void> {
    const open = (await asks()).find(({ name }) => name === 'talks')
    if (open !== undefined) {
      ids.ASK = open.ask
      return
    }
    const agent = (await list(daemon)).find(({ name, exited_at: at }) => name === 'talks' && at === null)
    // It asks when it has come to the message that makes it ask.
    if (agent === undefined || agent.messages > 0 || agent.terminal !== null) return
    if (ids.ANSWERED === NONE) {
      const { message } = await daemon.post<{ message: string }>('/v1/missions/talks/messages', {
        text: 'hello',
      })
      await daemon.get(`/v1/missions/talks/messages/${message}`)
      ids.ANSWERED = message
    }
    const { message } = await daemon.post<{ message: string }>('/v1/missions/talks/messages', {
      text: ASKING,
    })
    ids.MESSAGE = message
    await eventually('it asks', async () => {
      ids.ASK = (await asks()).find(({ name }) => name === 'talks')?.ask ?? ids.ASK
      return ids.ASK !== 'none'
    })
  }

  async function begin(mission: Promise<{ readonly id: string }>): Promise<string> {
    const { id } = await mission
    own.add(id)
    return id
  }

  async function restore(): Promise<void> {
    const live = await list(daemon)
    const lives = (name: string): boolean =>
      live.some((each) => each.name === name && each.exited_at === null && each.phase === 'running.up')
    const free = (name: string): boolean =>
      !live.some((each) => each.name === name && each.exited_at === null)
    const env = { PATH }
    if (free('runs')) {
      await begin(daemon.post('/v1/missions', { name: 'runs', command: 'sleep 1000', cwd: folder, env }))
    }
    if (!live.some(({ name, exited_at: at }) => name === 'ended' && at !== null) && free('ended')) {
      const mission = { name: 'ended', command: 'true', cwd: folder, env }
      await daemon.get(`/v1/missions/${await begin(daemon.post('/v1/missions', mission))}/wait`)
    }
    const { teams } = await daemon.get<{ readonly teams: readonly TeamView[] }>('/v1/teams')
    if (!teams.some(({ name, outcome }) => name === 'crew' && outcome === null)) {
      const member = { id: 'first', mission: { command: 'sleep 1000', cwd: folder, env } }
      const team = { name: 'crew', strategy: 'one_for_all', members: [member] }
      const { members } = await daemon.post<TeamView>('/v1/teams', team)
      for (const { mission } of members) own.add(mission)
    }
    if (free('line')) {
      const document = { name: 'line', agents: { a: { command: 'sleep 1000', replicas: 1 } } }
      const { mission } = await daemon.post<PipelineView>('/v1/pipelines', { document, cwd: folder, env })
      own.add(mission.id)
    }
    if (free('talks')) {
      await begin(daemon.post('/v1/missions', talks))
      ids.ANSWERED = NONE
    } else if (!lives('talks')) return
    await restoreAsk()
  }

  async function clear(): Promise<readonly MissionView[]> {
    const there = await list(daemon)
    const own = new Set(['runs', 'ended', 'talks', 'crew', 'line'])
    const foreign = there.filter(
      ({ name, exited_at: at }) => at === null && !own.has(name.split('.')[0] ?? ''),
    )
    for (const { id } of foreign)
      await daemon.call('POST', `/v1/missions/${id}/kill`, { body: { cascade: true } })
    return there
  }

  async function empty(): Promise<void> {
    for (const { id, exited_at: at } of await list(daemon)) {
      if (at === null) await daemon.call('POST', `/v1/missions/${id}/kill`, { body: { cascade: true } })
    }
    await daemon.post('/v1/prune')
  }

  return {
    home,
    folder,
    daemon: () => daemon,
    restore,
    path: (path) => path.replaceAll(/MESSAGE|ANSWERED|ASK/g, (word) => ids[word as keyof typeof ids]),
    writeConfig,
    clear,
    empty,
    isOwn: (id) => own.has(id),
    async next() {
      await daemon.ended
      daemon = await startDaemon(home.path, options)
    },
    handles: () => readdirSync(`/proc/${daemon.pid}/fd`).length,
    faults: () =>
      readFileSync(join(home.path, 'daemon.log'), 'utf8')
        .split('\n')
        .filter((line) => /"level":[56]0/.test(line)),
    async [Symbol.asyncDispose]() {
      await daemon.shutdown(false)
      await home[Symbol.asyncDispose]()
    },
  }
}
