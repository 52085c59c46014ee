/**
 * Control groups (version 2): a group for a run, where this process may make one. What is forked in a group is
 * in it, whatever becomes of its environment, session and parents, and the kernel ends it at once.
 *
 * The groups of a home are in one below the group that this process is in, so that whatever limits this
 * process limits its missions: `<our own>/overmind-<home>/<mission>.<run>`.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { CgroupSupport, LimitName } from '../../model/cgroup-support.ts'
import { OvermindError, systemCode } from '../../model/errors.ts'
import { LAUNCHER_MARK, RUN_MARK, SUPERVISOR_MARK } from '../marks.ts'
import { keyOf, type RunRef } from '../run-ref.ts'
import {
  type Controller,
  CONTROLLERS,
  controllersFor,
  type Limits,
  type Setting,
  settingsFor,
} from './limits.ts'
import { baseOf, findMount, folderOf, type Mount } from './place.ts'
import { childrenOf, processesIn, read, removeGroup, runGroup, type RunGroup } from './run-group.ts'

export interface Cgroups {
  /** What can be had, by now: looks again for what could not. */
  support(): CgroupSupport
  /** @throws OvermindError `cgroup_not_supported` when there can be no group, or one of these limits cannot be set */
  mustSupport(limits: Limits): void
  /**
   * Makes the group of a run about to start, with its limits, for its keeper to join.
   *
   * @throws OvermindError `cgroup_not_supported`
   */
  make(ref: RunRef, limits: Limits): RunGroup
  /** The group of a run, known by a process in it, or else by its name; null when it has none. */
  find(ref: RunRef, pid: number | null): RunGroup | null
  /** Removes a group as soon as it is empty: now, or when another is removed, or when the next runtime begins. */
  discard(group: RunGroup): void
  /** Removes the groups of runs that have ended: all that are empty, but those of `live` runs, whose keeper may be about to join. */
  sweep(live: ReadonlySet<string>): void
  /** Removes what is empty. */
  close(): void
}

/** What is asked of the system; a test puts a folder in its place. */
export interface CgroupSystem {
  /** Where `/proc` is. */
  readonly proc: string
  makeGroup(folder: string): void
  /** Writes to a file of a group. */
  write(file: string, text: string): void
  /** Whether a process can go into a group. */
  canJoin(folder: string): boolean
}

const kernel: CgroupSystem = {
  proc: '/proc',
  makeGroup: (folder) => mkdirSync(folder, { mode: 0o700 }),
  // The kernel makes the files of a group, nobody else.
  write: (file, text) => writeFileSync(file, text, { flag: 'r+' }),
  canJoin: (folder) =>
    spawnSync('/bin/sh', ['-c', 'echo 0 >"$1"/cgroup.procs', 'sh', folder], { stdio: 'ignore' }).status === 0,
}

const FIELD_OF = { memory: 'memoryBytes', cpu: 'cpus', pids: 'pids' } as const satisfies Record<
  Controller,
  keyof Limits
>
const LIMIT_OF: Readonly<Record<Controller, LimitName>> = { memory: 'memory', cpu: 'cpus', pids: 'pids' }

/** Where supervisors go that must not stay, and missions without a group: next to the groups of others. */
const SUPERVISORS = 'overmind-supervisors'

/** Looks where groups could be made. Whether they can is tried when it is first asked for. */
export function createCgroups(home: string, system: CgroupSystem = kernel): Cgroups {
  const place = findPlace(home, system)
  if (typeof place === 'string') return withoutCgroups(place)
  const { mount, base, folder } = place
  const discarded = new Set<RunGroup>()
  let tried: string | null | undefined

  /** Why no groups can be made; null when they can. */
  function obstacle(): string | null {
    if (tried === undefined) tried = tryOut(folder, system)
    return tried
  }

  /** Which limits can be set by now, and what keeps others from it. */
  function enable(): { readonly enabled: readonly Controller[]; readonly reason: string | null } {
    makeIfMissing(folder, system)
    const there = new Set(words(read(join(base, 'cgroup.controllers'))))
    const missing = CONTROLLERS.filter((controller) => !there.has(controller))
    const reasons = missing.length === 0 ? [] : [`the group ${base} does not have ${missing.join(', ')}`]
    const enabled = CONTROLLERS.filter((controller) => {
      if (!there.has(controller)) return false
      const refused = handDown(base, controller) ?? handDown(folder, controller)
      if (refused !== null && !reasons.includes(refused)) reasons.push(refused)
      return refused === null
    })
    return { enabled, reason: reasons.length === 0 ? null : reasons.join('; ') }
  }

  /** Lets the groups below one have a controller; says why that cannot be. */
  function handDown(group: string, controller: Controller): string | null {
    const file = join(group, 'cgroup.subtree_control')
    if (words(read(file)).includes(controller)) return null
    const hand = (): void => system.write(file, `+${controller}`)
    let code = codeOf(hand)
    // A group with processes of its own hands nothing down. Those that are ours can go elsewhere.
    if (code === 'EBUSY') {
      code = codeOf(() => {
        moveOurselves(base, system)
        hand()
      })
    }
    if (code === null) return null
    return code === 'EBUSY'
      ? `the group ${group} has other processes in it`
      : `the group ${group} cannot hand down ${controller} (${code})`
  }

  function mustSupport(limits: Limits): void {
    const reason = obstacle()
    if (reason !== null) throw noCgroups(reason)
    const wanted = controllersFor(limits)
    if (wanted.length === 0) return
    const { enabled, reason: lack } = enable()
    const [first, ...others] = wanted.filter((controller) => !enabled.includes(controller))
    if (first === undefined) return
    removeGroup(folder)
    throw noLimits([first, ...others], lack ?? 'the kernel refuses it')
  }

  function make(ref: RunRef, limits: Limits): RunGroup {
    mustSupport(limits)
    const group = runGroup(join(folder, keyOf(ref)))
    makeIfMissing(folder, system)
    makeIfMissing(group.folder, system)
    try {
      for (const setting of settingsFor(limits)) set(group, setting)
      return group
    } catch (error) {
      group.remove()
      throw error
    }
  }

  function set({ folder: of }: RunGroup, { file, value, optional }: Setting): void {
    try {
      system.write(join(of, file), value)
    } catch (error) {
      if (optional !== true || systemCode(error) !== 'ENOENT') throw error
    }
  }

  return {
    support: () => {
      const none = obstacle()
      if (none !== null) return { kind: 'none', reason: none }
      const { enabled, reason } = enable()
      // It was only asked: nothing stays behind of a supervisor that never made a group.
      removeGroup(folder)
      return { kind: 'cgroups', limits: enabled.map((controller) => LIMIT_OF[controller]), reason }
    },
    mustSupport,
    make,
    find: (ref, pid) => {
      const name = `/${folderName(home)}/${keyOf(ref)}`
      const current = pid === null ? null : folderOf(read(join(system.proc, String(pid), 'cgroup')), mount)
      // An earlier supervisor may have stood elsewhere in the tree: the process itself knows best.
      if (current !== null && `${current}/`.includes(`${name}/`)) {
        return runGroup(current.slice(0, current.indexOf(name) + name.length))
      }
      const own = join(folder, keyOf(ref))
      return existsSync(own) ? runGroup(own) : null
    },
    discard: (group) => {
      discarded.add(group)
      for (const each of discarded) if (each.remove()) discarded.delete(each)
    },
    sweep: (live) => {
      for (const each of childrenOf(folder)) if (!live.has(basename(each))) runGroup(each).remove()
      removeGroup(folder)
    },
    close: () => {
      for (const each of discarded) each.remove()
      removeGroup(folder)
    },
  }
}

function withoutCgroups(reason: string): Cgroups {
  const refuse = (): never => {
    throw noCgroups(reason)
  }
  return {
    support: () => ({ kind: 'none', reason }),
    mustSupport: refuse,
    make: refuse,
    find: () => null,
    discard: () => {},
    sweep: () => {},
    close: () => {},
  }
}

interface Place {
  readonly mount: Mount
  /** The group that this process was in, or the one above what we have made there. */
  readonly base: string
  /** The group of this home. */
  readonly folder: string
}

/** Where groups belong, or why there can be none. */
function findPlace(home: string, system: CgroupSystem): Place | string {
  const { proc } = system
  const mount = findMount(read(join(proc, 'self', 'mountinfo')))
  if (mount === null) return 'control groups of version 2 are not mounted'
  const group = folderOf(read(join(proc, 'self', 'cgroup')), mount)
  if (group === null) return `the control group of this process is not below ${mount.folder}`
  const base = baseOf(group)
  // A daemon that a mission started is no part of it. One that cannot leave keeps the kernel from ending that group at once.
  if (group !== base && process.env[SUPERVISOR_MARK] !== undefined) codeOf(() => moveOurselves(base, system))
  return { mount, base, folder: join(base, folderName(home)) }
}

/** Makes a group and moves a process into it, since no reading of rights says whether that works. Says why it does not, or null. */
function tryOut(folder: string, system: CgroupSystem): string | null {
  const trial = join(folder, 'trial')
  const cannot = `no control groups can be used below ${dirname(folder)}`
  const code = codeOf(() => {
    makeIfMissing(folder, system)
    makeIfMissing(trial, system)
  })
  try {
    if (code !== null) return `${cannot} (${code})`
    if (!existsSync(join(trial, 'cgroup.kill'))) return `${cannot}: the kernel is older than 5.14`
    return system.canJoin(trial) ? null : `${cannot}: processes cannot be moved there`
  } finally {
    removeGroup(trial)
    removeGroup(folder)
  }
}

/** One home has one group, of whatever length its path is. */
function folderName(home: string): string {
  return `overmind-${createHash('sha256').update(home).digest('hex').slice(0, 8)}`
}

function makeIfMissing(folder: string, { makeGroup }: CgroupSystem): void {
  try {
    makeGroup(folder)
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
  }
}

/** How often a group is looked through, because what is in it may fork meanwhile. */
const LOOKS = 5

/**
 * Moves what is ours out of the way, into a group that will never have groups below it: this process, its children, and whatever
 * says of itself that it belongs to Overmind, such as missions without a group.
 */
function moveOurselves(base: string, system: CgroupSystem): void {
  const leaf = join(base, SUPERVISORS)
  makeIfMissing(leaf, system)
  move(process.pid, leaf, system)
  for (let look = 0; look < LOOKS; look += 1) {
    const ours = processesIn(base).filter((pid) => isOurs(pid, system))
    if (ours.length === 0) return
    for (const pid of ours) move(pid, leaf, system)
  }
}

function move(pid: number, group: string, system: CgroupSystem): void {
  try {
    system.write(join(group, 'cgroup.procs'), String(pid))
  } catch (error) {
    // It has ended.
    if (systemCode(error) !== 'ESRCH') throw error
  }
}

const OUR_MARKS = [RUN_MARK, SUPERVISOR_MARK, LAUNCHER_MARK].map((mark) => `\0${mark}=`)

function isOurs(pid: number, { proc }: CgroupSystem): boolean {
  const of = join(proc, String(pid))
  if (Number(/^PPid:\s*(\d+)$/m.exec(read(join(of, 'status')))?.[1]) === process.pid) return true
  const environment = `\0${read(join(of, 'environ'))}`
  return OUR_MARKS.some((mark) => environment.includes(mark))
}

/** Does something; the system's code for why it could not be done, or null. */
function codeOf(action: () => void): string | null {
  try {
    action()
    return null
  } catch (error) {
    const code = systemCode(error)
    if (code === undefined) throw error
    return code
  }
}

function words(text: string): readonly string[] {
  return text.split(/\s+/).filter(Boolean)
}

const ADVICE = 'leave it out, or start the daemon in a control group that is delegated to it'

function noCgroups(reason: string): OvermindError {
  return new OvermindError(
    'cgroup_not_supported',
    `a mission cannot have a control group: ${reason}; ${ADVICE}`,
    {
      field: 'custody',
    },
  )
}

function noLimits(controllers: readonly [Controller, ...Controller[]], reason: string): OvermindError {
  const names = controllers.map((controller) => LIMIT_OF[controller]).join(', ')
  return new OvermindError('cgroup_not_supported', `${names} cannot be limited: ${reason}; ${ADVICE}`, {
    field: FIELD_OF[controllers[0]],
  })
}
