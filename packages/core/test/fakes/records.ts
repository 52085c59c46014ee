import {
  isMissionId,
  type MissionId,
  type MissionInput,
  type MissionRecord,
  type MissionSpec,
} from '../../src/index.ts'
import type { Launch } from '../../src/process/host.ts'
import { initialState } from '../../src/mission/machine.ts'
import { parseMission } from '../../src/model/spec.ts'

export function missionId(text: string): MissionId {
  if (!isMissionId(text)) throw new RangeError(`not an id: ${text}`)
  return text
}

export function missionSpec(input: Partial<MissionInput> = {}): MissionSpec {
  return {
    ...parseMission({ command: 'true', ...input }, { cwd: '/', env: {} }).spec,
    parent: null,
    team: null,
    priority: input.priority ?? 0,
    colony: input.colony ?? 'default',
  }
}

/** A mission to which nothing has happened yet. */
export function missionRecord(over: Partial<MissionRecord> = {}): MissionRecord {
  return {
    id: missionId('0123abcd'),
    name: 'mission',
    spec: missionSpec(),
    env: { PATH: '/usr/bin:/bin' },
    createdAt: 1_700_000_000_000,
    state: initialState,
    ...over,
  }
}

/** The first run of a command that writes to one file and has no limits of its own. */
export function launchOf(over: Pick<Launch, 'argv' | 'cwd'> & Partial<Launch>): Launch {
  return {
    mission: missionId('0123abcd'),
    run: 1,
    name: 'mission',
    env: { PATH: '/usr/bin:/bin' },
    streams: 'merged',
    size: { columns: 80, rows: 24 },
    outputLimitBytes: 2 ** 20,
    activity: 'output',
    limits: null,
    copy: '{}',
    ...over,
  }
}
