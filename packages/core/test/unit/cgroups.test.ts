import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { OvermindError } from '../../src/index.ts'
import { createCgroups, type Cgroups } from '../../src/process/cgroups/cgroups.ts'
import { type Limits, ranOutOfMemory, settingsFor } from '../../src/process/cgroups/limits.ts'
import { baseOf, findMount, folderOf } from '../../src/process/cgroups/place.ts'
import { cgroupTree } from '../fakes/cgroup-tree.ts'
import { missionId } from '../fakes/records.ts'

const NONE: Limits = { memoryBytes: null, cpus: null, pids: null }
const ALL: Limits = { memoryBytes: 2 ** 29, cpus: 1.5, pids: 200 }
const EVERY = ['cpuset', 'cpu', 'io', 'memory', 'pids']
const ref = { mission: missionId('0123abcd'), run: 2 }

function failureOf(action: () => unknown): OvermindError {
  try {
    action()
  } catch (error) {
    return error as OvermindError
  }
  throw new Error('it was accepted')
}

describe('where control groups are', () => {
  const hybrid = [
    '32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu',
    '41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:4 - cgroup2 cgroup2 rw',
  ].join('\n')

  test('the tree of version 2 is told from those of version 1', () => {
    expect(findMount(hybrid)).toEqual({ folder: '/sys/fs/cgroup/unified', root: '/' })
    expect(findMount(hybrid.split('\n')[0] ?? '')).toBeNull()
    expect(findMount('')).toBeNull()
  })

  test('spaces in its path are read as the kernel writes them', () => {
    expect(findMount(String.raw`1 2 0:3 /a\040b /m\134n rw - cgroup2 c rw`)).toEqual({
      folder: String.raw`/m\n`,
      root: '/a b',
    })
  })

  test.each([
    ['0::/user.slice/a.scope', '/', '/cg/user.slice/a.scope'],
    ['9:name=systemd:/x\n0::/a\n', '/', '/cg/a'],
    ['0::/', '/', '/cg'],
    ['0::/docker/b/c', '/docker/b', '/cg/c'],
    ['0::/docker/b', '/docker/b', '/cg'],
    ['0::/docker/bc', '/docker/b', null],
    ['0::/../other', '/', null],
    ['0::/a (deleted)', '/', null],
    ['1:cpu:/', '/', null],
    ['', '/', null],
  ])('a process that is in %j is found below %s in %s', (membership, root, expected) => {
    expect(folderOf(membership, { folder: '/cg', root })).toBe(expected)
  })

  test.each([
    ['/cg/a.scope', '/cg/a.scope'],
    ['/cg/a.scope/overmind-supervisors', '/cg/a.scope'],
    ['/cg/overmind-0123abcd/89abcdef.1', '/cg'],
    ['/cg/overmind-0123abcd/89abcdef.1/overmind-supervisors', '/cg'],
    ['/cg/overmind-notes/a', '/cg/overmind-notes/a'],
  ])('%s is or is in %s', (group, base) => {
    expect(baseOf(group)).toBe(base)
  })
})

describe('what the kernel is told', () => {
  test('nothing without a limit', () => expect(settingsFor(NONE)).toEqual([]))

  test('memory has no way out into swap, and the tree dies as one', () => {
    expect(settingsFor({ ...NONE, memoryBytes: 2 ** 29 })).toEqual([
      { file: 'memory.max', value: '536870912' },
      { file: 'memory.swap.max', value: '0', optional: true },
      { file: 'memory.oom.group', value: '1' },
    ])
  })

  test.each([
    [1.5, '150000 100000'],
    [0.01, '1000 100000'],
    [64, '6400000 100000'],
  ])('%s processors are time in each period', (cpus, value) => {
    expect(settingsFor({ ...NONE, cpus })).toEqual([{ file: 'cpu.max', value }])
  })

  test('the keeper is not one of the processes that are counted', () => {
    expect(settingsFor({ ...NONE, pids: 1 })).toEqual([{ file: 'pids.max', value: '2' }])
  })

  test.each([
    ['low 0\nhigh 0\nmax 7\noom 1\noom_kill 1\noom_group_kill 0\n', true],
    ['low 0\nhigh 0\nmax 7\noom 1\noom_kill 12\noom_group_kill 1\n', true],
    ['low 0\nhigh 0\nmax 7\noom 3\noom_kill 0\noom_group_kill 0\n', false],
    ['', false],
  ])('%j is the end of something: %s', (events, expected) => expect(ranOutOfMemory(events)).toBe(expected))
})

describe('a tree in which groups can be made', () => {
  const groupOf = (cgroups: Cgroups, limits = NONE): string => cgroups.make(ref, limits).folder

  test('says which limits can be set', () => {
    using tree = cgroupTree({ group: '/a.slice', controllers: EVERY })
    expect(createCgroups('/home', tree).support()).toEqual({
      kind: 'cgroups',
      limits: ['memory', 'cpus', 'pids'],
      reason: null,
    })
  })

  test('has a group for each run, named after home, mission and run', () => {
    using tree = cgroupTree({ group: '/a.slice', controllers: EVERY })
    const folder = groupOf(createCgroups('/home', tree))
    expect(folder.slice(tree.own.length)).toMatch(/^\/overmind-[0-9a-f]{8}\/0123abcd\.2$/)
    expect(groupOf(createCgroups('/home', tree))).toBe(folder)
    expect(groupOf(createCgroups('/other', tree))).not.toBe(folder)
  })

  test('sets the limits that were asked for', () => {
    using tree = cgroupTree({ group: '/a.slice', controllers: EVERY })
    const folder = groupOf(createCgroups('/home', tree), ALL)
    const written = ['memory.max', 'memory.swap.max', 'memory.oom.group', 'cpu.max', 'pids.max'].map((file) =>
      tree.says(folder, file),
    )
    expect(written).toEqual(['536870912', '0', '1', '150000 100000', '201'])
  })

  test('needs no accounting of swap', () => {
    using tree = cgroupTree({ group: '/', controllers: EVERY, without: 'memory.swap.max' })
    expect(tree.says(groupOf(createCgroups('/home', tree), ALL), 'memory.max')).toBe('536870912')
  })

  test('takes nothing from anyone while no limit is asked for', () => {
    using tree = cgroupTree({ group: '/a.slice', controllers: EVERY, others: [0] })
    groupOf(createCgroups('/home', tree))
    expect(tree.says(tree.own, 'cgroup.procs').split('\n')).toContain(String(process.pid))
    expect(tree.says(tree.own, 'cgroup.subtree_control')).toBe('')
  })

  test('has its supervisor make room for limits, because a group with processes hands nothing down', () => {
    using tree = cgroupTree({ group: '/a.slice', controllers: EVERY })
    groupOf(createCgroups('/home', tree), ALL)
    expect(tree.says(tree.own, 'cgroup.procs')).toBe('')
    expect(tree.says(join(tree.own, 'overmind-supervisors'), 'cgroup.procs')).toBe(`${process.pid}\n`)
  })

  test('has them take along the missions that have no group', () => {
    using tree = cgroupTree({ group: '/a.slice', controllers: EVERY, others: [11, 12, 13] })
    const says = (pid: number, file: string, text: string): void => {
      mkdirSync(join(tree.proc, String(pid)), { recursive: true })
      writeFileSync(join(tree.proc, String(pid), file), text)
    }
    says(11, 'environ', 'OVERMIND_RUN=1\0PATH=/bin\0')
    says(12, 'environ', 'A=OVERMIND_RUN=1\0OVERMIND_LAUNCHER=/home\0')
    says(13, 'status', `Name:\tsh\nPPid:\t${process.pid}\n`)
    groupOf(createCgroups('/home', tree), ALL)
    expect(tree.says(join(tree.own, 'overmind-supervisors'), 'cgroup.procs')).toBe(
      `${process.pid}\n11\n12\n13\n`,
    )
  })

  test('leaves the processes of others where they are, and sets no limit then', () => {
    using tree = cgroupTree({ group: '/a.slice', controllers: EVERY, others: [1] })
    const cgroups = createCgroups('/home', tree)
    expect(cgroups.support()).toEqual({
      kind: 'cgroups',
      limits: [],
      reason: `the group ${tree.own} has other processes in it`,
    })
    expect(failureOf(() => cgroups.mustSupport(ALL))).toMatchObject({
      code: 'cgroup_not_supported',
      field: 'memoryBytes',
    })
    expect(tree.says(tree.own, 'cgroup.procs')).toBe('1')
    cgroups.mustSupport(NONE)
  })

  test('can set limits as soon as those others have gone', () => {
    using tree = cgroupTree({ group: '/a.slice', controllers: EVERY, others: [1] })
    const cgroups = createCgroups('/home', tree)
    expect(cgroups.support()).toMatchObject({ limits: [] })
    writeFileSync(join(tree.own, 'cgroup.procs'), '')
    expect(cgroups.support()).toMatchObject({ limits: ['memory', 'cpus', 'pids'] })
  })

  test('names the limits it cannot set, and refuses those alone', () => {
    using tree = cgroupTree({ group: '/a.slice', controllers: ['pids'] })
    const cgroups = createCgroups('/home', tree)
    expect(cgroups.support()).toEqual({
      kind: 'cgroups',
      limits: ['pids'],
      reason: `the group ${tree.own} does not have memory, cpu`,
    })
    const error = failureOf(() => cgroups.make(ref, ALL))
    expect(error).toMatchObject({ code: 'cgroup_not_supported', field: 'memoryBytes' })
    expect(error.message).toMatch(
      /^memory, cpus cannot be limited: .* does not have memory, cpu; .+delegated/,
    )
    expect(failureOf(() => cgroups.make(ref, { ...NONE, cpus: 1 }))).toMatchObject({ field: 'cpus' })
    expect(cgroups.make(ref, { ...NONE, pids: 1 })).toMatchObject({
      folder: expect.stringContaining('0123abcd.2'),
    })
  })

  test('removes the empty groups of runs that are over, and no other', () => {
    using tree = cgroupTree({ group: '/', controllers: EVERY })
    const cgroups = createCgroups('/home', tree)
    const folder = dirname(cgroups.make(ref, NONE).folder)
    const [over, live] = ['0123abcd.3', '0123abcd.4'].map((name) => join(folder, name))
    for (const group of [over, live]) mkdirSync(group ?? expect.unreachable())
    cgroups.sweep(new Set(['0123abcd.4']))
    expect([over, live].map((group) => existsSync(group ?? ''))).toEqual([false, true])
  })

  test('finds the group of a run where its process says it is, wherever an earlier supervisor was', () => {
    using tree = cgroupTree({ group: '/a.slice', controllers: EVERY })
    const cgroups = createCgroups('/home', tree)
    const folder = groupOf(cgroups)
    const name = folder.slice(tree.own.length)
    const told = (pid: number, group: string): void => {
      mkdirSync(join(tree.proc, String(pid)))
      writeFileSync(join(tree.proc, String(pid), 'cgroup'), `0::${group}\n`)
    }
    told(11, `/a.slice${name}`)
    told(12, `/b.slice${name}`)
    told(13, `/b.slice${name}/its.own/group`)
    told(14, `/b.slice${name}0`)
    const elsewhere = join(tree.own, '..', `b.slice${name}`)
    expect([11, 12, 13].map((pid) => cgroups.find(ref, pid)?.folder)).toEqual([folder, elsewhere, elsewhere])
    // Another process by now, or none: then its name says where it was.
    expect([14, 15, null].map((pid) => cgroups.find(ref, pid)?.folder)).toEqual([folder, folder, folder])
    expect(cgroups.find({ ...ref, run: 3 }, null)).toBeNull()
  })
})

describe('a tree in which no groups can be made', () => {
  test('is no tree', () => {
    using tree = cgroupTree({ group: '/', controllers: EVERY })
    writeFileSync(join(tree.proc, 'self', 'mountinfo'), '')
    const cgroups = createCgroups('/home', tree)
    expect(cgroups.support()).toEqual({ kind: 'none', reason: 'control groups of version 2 are not mounted' })
    expect(failureOf(() => cgroups.mustSupport(NONE))).toMatchObject({
      code: 'cgroup_not_supported',
      field: 'custody',
    })
    expect(cgroups.find(ref, process.pid)).toBeNull()
  })

  test('is that of an old kernel', () => {
    using tree = cgroupTree({ group: '/', controllers: EVERY, without: 'cgroup.kill' })
    expect(createCgroups('/home', tree).support()).toMatchObject({
      kind: 'none',
      reason: expect.stringContaining('5.14'),
    })
  })

  test('is one that may not be changed, and it says so once it is asked', () => {
    using tree = cgroupTree({ group: '/', controllers: EVERY })
    const readOnly = createCgroups('/home', {
      ...tree,
      makeGroup: () => {
        throw Object.assign(new Error('no'), { code: 'EROFS' })
      },
    })
    expect(readOnly.support()).toMatchObject({
      kind: 'none',
      reason: expect.stringMatching(/^no control groups .*\(EROFS\)$/),
    })
    expect(failureOf(() => readOnly.make(ref, NONE)).message).toMatch(/EROFS/)
  })

  test('is one in which processes cannot be moved', () => {
    using tree = cgroupTree({ group: '/', controllers: EVERY })
    const fixed = createCgroups('/home', { ...tree, canJoin: () => false })
    expect(fixed.support()).toMatchObject({
      kind: 'none',
      reason: expect.stringContaining('cannot be moved'),
    })
    expect(existsSync(join(tree.own, 'cgroup.procs'))).toBe(true)
  })
})
