/** Where this process stands in the tree of control groups, worked out from what `/proc` says. */

export interface Mount {
  /** The folder at which the tree is mounted. */
  readonly folder: string
  /** The part of the tree that is mounted there: `/`, but in containers. */
  readonly root: string
}

/** What every run group, and everything else of ours in the tree, has in its path. */
const OURS = /\/overmind-(?:[0-9a-f]{8}|supervisors)(?:\/|$)/

/** The mounted tree of version 2, from `/proc/self/mountinfo`; null when there is none. */
export function findMount(mountinfo: string): Mount | null {
  for (const line of mountinfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ')
    const [, , , root, folder] = before.split(' ')
    if (after.startsWith('cgroup2 ') && root !== undefined && folder !== undefined) {
      return { folder: unescape(folder), root: unescape(root) }
    }
  }
  return null
}

/** The kernel writes spaces and the like as `\040`. */
function unescape(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCodePoint(parseInt(digits, 8)))
}

/** The folder of the group that a process is in, from its `/proc/<pid>/cgroup`; null when it is out of sight. */
export function folderOf(membership: string, { folder, root }: Mount): string | null {
  const path = /^0::(\/.*)$/m.exec(membership)?.[1]
  if (path === undefined || path.endsWith(' (deleted)') || path.split('/').includes('..')) return null
  const below =
    root === '/' ? path : path.startsWith(`${root}/`) || path === root ? path.slice(root.length) : null
  return below === null ? null : `${folder}${below}`.replace(/\/$/, '')
}

/** The group that holds a process of ours, whatever we have made below it: there our groups belong, however deep we are. */
export function baseOf(group: string): string {
  const ours = OURS.exec(group)
  return ours === null ? group : group.slice(0, ours.index)
}
