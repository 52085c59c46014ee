import type { MissionView } from '../api/types.ts'

/** What the table needs to know of a mission. */
export interface MissionRow extends Pick<
  MissionView,
  | 'id'
  | 'name'
  | 'status'
  | 'asks'
  | 'restart_count'
  | 'parent'
  | 'children'
  | 'team'
  | 'started_at'
  | 'command'
> {
  readonly type: string
}
