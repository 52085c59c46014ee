import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { CgroupSystem } from '../../src/process/cgroups/cgroups.ts'

export interface CgroupTree extends CgroupSystem, Disposable {
  /** The folder of the group that this process is in to begin with. */
  readonly own: string
  /** What a file of a group says. */
  says(group: string, file: string): string
}

export interface CgroupTreeOptions {
  /** Where this process is. */
  readonly group: string
  readonly controllers: readonly string[]
  /** Processes beside this one in the same group; 0 is one that may not be moved. */
  readonly others?: readonly number[]
  readonly without?: 'cgroup.kill' | 'memory.swap.max'
}

const FILES: Readonly<Record<string, readonly string[]>> = {
  memory: ['memory.max', 'memory.swap.max', 'memory.oom.group', 'memory.events'],
  cpu: ['cpu.max'],
  pids: ['pids.max'],
}

/** A folder that behaves as the kernel's tree of control groups does, as far as it is asked to. */
export function cgroupTree(options: CgroupTreeOptions): CgroupTree {
  const top = mkdtempSync(join(tmpdir(), 'overmind-cgroups-'))
  const root = join(top, 'tree')
  const proc = join(top, 'proc')
  mkdirSync(join(proc, 'self'), { recursive: true })
  mkdirSync(root)
  writeFileSync(
    join(proc, 'self', 'mountinfo'),
    `22 1 0:21 / /proc rw - proc proc rw\n41 31 0:38 / ${root} rw,relatime - cgroup2 cgroup2 rw\n`,
  )
  writeFileSync(join(proc, 'self', 'cgroup'), `1:name=systemd:/elsewhere\n0::${options.group}\n`)

  const says = (group: string, file: string): string => readFileSync(join(group, file), 'utf8')
  const put = (group: string, file: string, text: string): void => writeFileSync(join(group, file), text)
  const list = (group: string, file: string): string[] => says(group, file).split(/\s+/).filter(Boolean)

  /** Gives a group the files of these controllers and, when it is new, those that each has. */
  function fill(group: string, controllers: readonly string[]): void {
    put(group, 'cgroup.controllers', controllers.join(' '))
    const files = [
      'cgroup.subtree_control',
      'cgroup.procs',
      'cgroup.kill',
      ...controllers.flatMap((name) => FILES[name] ?? []),
    ]
    for (const file of files) {
      if (file !== options.without && !existsSync(join(group, file))) put(group, file, '')
    }
  }

  function makeGroup(group: string): void {
    mkdirSync(group)
    fill(group, list(dirname(group), 'cgroup.subtree_control'))
  }

  function write(path: string, text: string): void {
    const [group, file] = [dirname(path), basename(path)]
    if (file === 'cgroup.subtree_control') {
      if (list(group, 'cgroup.procs').length > 0 && group !== root) throw failure('EBUSY')
      if (!list(group, 'cgroup.controllers').includes(text.slice(1))) throw failure('ENOENT')
      put(group, file, `${says(group, file)} ${text.slice(1)}`)
      for (const child of readdirSync(group, { withFileTypes: true })) {
        if (child.isDirectory()) fill(join(group, child.name), list(group, file))
      }
    } else if (file === 'cgroup.procs') {
      if (list(group, 'cgroup.subtree_control').length > 0) throw failure('EBUSY')
      put(
        own,
        file,
        list(own, file)
          .filter((pid) => pid !== text)
          .join('\n'),
      )
      put(group, file, `${says(group, file)}${text}\n`)
    } else {
      readFileSync(path)
      put(group, file, text)
    }
  }

  fill(root, options.controllers)
  let own = root
  for (const part of options.group.split('/').filter(Boolean)) {
    put(own, 'cgroup.subtree_control', options.controllers.join(' '))
    own = join(own, part)
    makeGroup(own)
  }
  put(own, 'cgroup.procs', [process.pid, ...(options.others ?? [])].join('\n'))
  return {
    proc,
    own,
    says,
    makeGroup,
    write,
    canJoin: () => true,
    [Symbol.dispose]: () => rmSync(top, { recursive: true, force: true }),
  }
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code })
}
