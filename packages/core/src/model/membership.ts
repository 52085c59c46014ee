/** Who else starts again when a member has failed: nobody, everybody, or those that were started after it. */
export type TeamStrategy = 'one_for_one' | 'one_for_all' | 'rest_for_one'

/** When a member that has ended is started again: always, when it failed, or never. */
export type MemberRestart = 'permanent' | 'transient' | 'temporary'

/** What a mission knows of its team: enough for another supervisor to go on with it. */
export interface Membership {
  readonly team: string
  /** Tells the team from others that had its name before or will have it; absent in what an early version wrote. */
  readonly generation?: string
  readonly strategy: TeamStrategy
  readonly maxRestarts: number
  readonly maxSeconds: number
  readonly member: string
  /** Its place in the order of the team, from 0. */
  readonly place: number
  readonly restart: MemberRestart
}
