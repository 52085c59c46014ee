/** A limit on what a mission may use, by the name of its flag. */
export type LimitName = 'memory' | 'cpus' | 'pids'

/** Whether missions can have control groups of the kernel on this machine. */
export type CgroupSupport =
  | { readonly kind: 'none'; readonly reason: string }
  /** `reason` says why a limit that is missing in `limits` cannot be set; null when none is. */
  | { readonly kind: 'cgroups'; readonly limits: readonly LimitName[]; readonly reason: string | null }
