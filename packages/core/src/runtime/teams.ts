/**
 * Teams: missions as the children of a supervisor. A mission keeps its identity when its team starts it again, and knows
 * its team, so that the next runtime over the same home supervises on.
 */
import { OvermindError } from '../model/errors.ts'
import type { GroupReason, RuntimeEvent } from '../model/events.ts'
import type { MissionId, Random } from '../model/ids.ts'
import { generateName, isName } from '../model/names.ts'
import type { MemberRestart, Membership, TeamStrategy } from '../model/membership.ts'
import { parseTeam, type TeamInput } from '../model/team.ts'
import type { Clock } from '../model/time.ts'
import { startSupervisor, type Supervisor } from '../supervisor/supervisor.ts'
import { child } from '../supervisor/spec.ts'
import { type Charge, charge, type Charged } from '../supervisor/intensity.ts'
import { affected } from '../supervisor/strategy.ts'
import { END_MEMBER, isUp, memberLogic, type MemberLife } from './member-logic.ts'
import type { Mission } from './mission-handle.ts'
import type { Entry } from './registry.ts'

/** `finished`: all members have ended well. `gave-up`: they failed more often than the team restarts them. */
export type TeamOutcome = 'finished' | 'stopped' | 'gave-up'

/** A team at one moment; plain data. */
export interface TeamView {
  readonly name: string
  readonly strategy: TeamStrategy
  readonly maxRestarts: number
  readonly maxSeconds: number
  /** Undefined while it is not over. */
  readonly outcome: TeamOutcome | undefined
  /** In the order in which they are started. */
  readonly members: readonly {
    readonly id: string
    readonly restart: MemberRestart
    /** Undefined before it was first started. */
    readonly mission: MissionId | undefined
  }[]
}

/** A handle on a team. It stays valid when the team is over. */
export interface Team {
  readonly name: string
  view(): TeamView
  /** The mission of a member. @throws OvermindError `not_found` */
  mission(member: string): Mission
  /** Ends all members in reverse order. Settles when none of their processes is left. */
  stop(): Promise<void>
  /** Settles when the team is over. */
  over(): Promise<TeamOutcome>
}

export interface Teams {
  /** @throws OvermindError `invalid_spec`, `name_taken`, `child_start_failed`; then no member is left running. */
  start(input: TeamInput): Promise<Team>
  list(): readonly Team[]
  /** Goes on with the teams of missions that an earlier runtime left. */
  resume(missions: readonly Entry[]): Promise<void>
  /** Ends all teams and their members. */
  stopAll(): Promise<void>
  /** No longer does anything; missions go on. */
  close(): void
}

type TeamEvent = Extract<RuntimeEvent, { readonly type: 'team.started' | 'team.ended' }>

export interface TeamsDeps {
  readonly clock: Clock
  readonly random: Random
  /** Checks a mission's description without starting it. @throws OvermindError */
  check(mission: unknown): void
  startMission(mission: unknown, membership: Membership, name: string | undefined): Promise<Mission>
  /** Starts the mission's next run; settles when it runs, has ended, or waits because its account is rate-limited. */
  runAgain(id: MissionId): Promise<void>
  entry(id: MissionId): Entry | undefined
  remove(id: MissionId): Promise<void>
  /** Notes in the journal what became of a team. */
  tell(event: TeamEvent): void
  /** Notes that a team counts a failure of a mission, before anything follows from it. */
  tellFailure(id: MissionId, team: string): void
  fault(error: unknown): void
}

type Common = Pick<Membership, 'team' | 'strategy' | 'maxRestarts' | 'maxSeconds'>

interface Member {
  readonly membership: Membership
  /** What to start at first; undefined for a mission that exists. */
  readonly input: unknown
  mission: Mission | undefined
}

/** What a team brings along that an earlier supervisor had. */
interface Past {
  /** Those whose missions are to begin their next run. */
  readonly again: ReadonlySet<Member>
  readonly charges: readonly Charge[]
}

const NEW: Past = { again: new Set(), charges: [] }

/** How many teams that are over are still shown. */
const REMEMBERED = 100
/** More failures of one member than a team would restart. */
const HISTORY = 1000

export function createTeams(deps: TeamsDeps): Teams {
  const teams = new Map<string, Team>()
  let closed = false

  function tellEnd({ id }: Mission, because: GroupReason): void {
    deps.entry(id)?.actor.tell({ type: 'end', because })
  }

  /** Ends members in reverse order, to start them again. */
  async function endAll(members: readonly { readonly mission: Mission }[]): Promise<void> {
    for (const { mission } of members.toReversed()) {
      tellEnd(mission, 'team-restart')
      await mission.exited()
    }
  }

  async function supervise(
    common: Common,
    members: readonly Member[],
    { again, charges }: Past = NEW,
  ): Promise<Team> {
    const { team: name, strategy, maxRestarts, maxSeconds } = common
    let ending: 'stopped' | 'gave-up' | undefined
    let supervisor: Supervisor | undefined
    let started = false
    let outcome: TeamOutcome | undefined

    /** The runtime has been closed: nothing is to follow from what happens now. */
    const unlessClosed = async <T>(promise: Promise<T>): Promise<T> => {
      try {
        return await promise
      } catch (error) {
        if (closed) return new Promise<T>(() => {})
        throw error
      }
    }

    function lifeOf(member: Member): MemberLife {
      let beginning: Promise<void> | undefined
      let found = member.mission !== undefined

      async function begin(): Promise<void> {
        const { mission, membership, input } = member
        // One that has ended may have been forgotten meanwhile.
        const forgotten = mission !== undefined && deps.entry(mission.id) === undefined
        if (mission === undefined || (forgotten && input !== undefined)) {
          const own = `${name}.${membership.member}`
          member.mission = await deps.startMission(input, membership, isName(own) ? own : undefined)
        } else if (!found || again.has(member)) {
          await deps.runAgain(mission.id)
        }
        found = false
        const exit = member.mission?.view().state.exit
        if (exit?.class === 'failed-to-start') throw new Error(exit.evidence.reason)
      }

      return {
        begin: () => (beginning = unlessClosed(begin())),
        async over() {
          const { mission } = member
          if (mission === undefined) throw new TypeError('a member that is up has a mission')
          const exit = await unlessClosed(mission.exited())
          if (exit.class === 'completed' || endedByTeam(mission)) return
          if (exit.class !== 'stopped' && exit.class !== 'killed') throw new Error(exit.evidence.reason)
          // A person ended it, or its parent did: it stays ended, whatever its type, until the team starts it with others.
          leave(member.membership.member)
          await new Promise(() => {})
        },
        async end() {
          await beginning?.catch(() => undefined) // it has been reported as a failure to start
          const { mission } = member
          if (mission === undefined || mission.view().state.exit !== null) return
          tellEnd(mission, started && ending === undefined ? 'team-restart' : 'team-end')
          await unlessClosed(mission.exited())
        },
      }
    }

    function leave(member: string): void {
      supervisor
        ?.terminateChild(member)
        .then(() => (supervisor?.countChildren().active === 0 ? supervisor.stop() : undefined))
        .catch((error: unknown) => {
          const gone = error instanceof OvermindError && error.code === 'supervisor_ended'
          if (!gone) deps.fault(error)
        })
    }

    const anyPermanent = members.some(({ membership }) => membership.restart === 'permanent')
    supervisor = await startSupervisor(
      {
        strategy,
        maxRestarts,
        maxSeconds,
        charges,
        autoShutdown: anyPermanent ? 'never' : 'all_significant',
        children: members.map((member) => {
          const { restart, member: id } = member.membership
          const spec = {
            id,
            start: memberLogic(lifeOf(member)),
            ready: isUp,
            stopEvent: END_MEMBER,
            // The ladder of the mission ends by itself.
            shutdown: 'infinity',
          } as const
          return restart === 'permanent' || anyPermanent
            ? child({ ...spec, restart })
            : child({ ...spec, restart, significant: true })
        }),
      },
      {
        id: name,
        clock: deps.clock,
        onReport: (report) => {
          if (report.type === 'shutdown') ending ??= 'gave-up'
          if (report.type !== 'restarting') return
          const failed = members.find(({ membership }) => membership.member === report.child.id)?.mission
          if (failed !== undefined) deps.tellFailure(failed.id, name)
        },
      },
    )
    started = true
    const over = supervisor.exited().then((): TeamOutcome => {
      outcome = ending ?? 'finished'
      deps.tell({ type: 'team.ended', team: name, outcome })
      return outcome
    })
    const team: Team = {
      name,
      view: () => ({
        name,
        strategy,
        maxRestarts,
        maxSeconds,
        outcome,
        members: members.map(({ membership: { member: id, restart }, mission }) => ({
          id,
          restart,
          mission: mission?.id,
        })),
      }),
      mission: (id) => {
        const found = members.find(({ membership }) => membership.member === id)?.mission
        if (found === undefined) {
          throw new OvermindError('not_found', `the team ${name} has no member ${id} that was started`, {
            value: id,
          })
        }
        return found
      },
      async stop() {
        ending ??= 'stopped'
        await supervisor.stop()
        await over
      },
      over: () => over,
    }
    teams.delete(name)
    teams.set(name, team)
    forgetOldest()
    return team
  }

  /** What an earlier supervisor had charged, and what it would have, had it seen it. */
  function chargeAll(
    intensity: Common,
    members: readonly (Member & { readonly mission: Mission })[],
  ): Charged {
    const { wall, monotonic } = deps.clock.now()
    const counted = members.flatMap(({ mission }) =>
      mission
        .history({ types: ['team.restarting'], limit: HISTORY })
        .flatMap((event) =>
          event.type === 'team.restarting' ? [{ id: mission.id, run: event.run, at: event.at }] : [],
        ),
    )
    const isCounted = ({ id, view }: Mission): boolean =>
      counted.some((one) => one.id === id && one.run === view().state.run)
    const unseen = failedOf(members).filter(({ mission }) => !isCounted(mission))
    // Who is restarted with another is not counted.
    const uncounted = intensity.strategy === 'one_for_one' ? unseen : unseen.slice(0, 1)
    for (const { mission } of uncounted) deps.tellFailure(mission.id, intensity.team)
    const times = [
      ...counted.map(({ at }) => at - wall + monotonic).toSorted((a, b) => a - b),
      ...uncounted.map(() => monotonic),
    ]
    return times.reduce<Charged>(({ charges }, at) => charge(charges, at, intensity), {
      exceeded: false,
      charges: [],
    })
  }

  function forgetOldest(): void {
    const over = [...teams.values()].filter((team) => team.view().outcome !== undefined)
    for (const { name } of over.slice(0, Math.max(0, over.length - REMEMBERED))) teams.delete(name)
  }

  function mustBeFree(name: string): void {
    const holder = teams.get(name)
    if (holder === undefined || holder.view().outcome !== undefined) return
    throw new OvermindError('name_taken', `the name ${name} is taken by a team: choose another or stop it`, {
      field: 'name',
      value: name,
    })
  }

  return {
    async start(input) {
      const { name: given, members, strategy, maxRestarts, maxSeconds } = parseTeam(input)
      if (given !== undefined) mustBeFree(given)
      for (const { mission } of members) deps.check(mission)
      const team = given ?? generateName((name) => teams.has(name), deps.random)
      const common: Common = { team, strategy, maxRestarts, maxSeconds }
      const joining = members.map(({ id, mission, restart }, place): Member => ({
        membership: { ...common, member: id, place, restart },
        input: mission,
        mission: undefined,
      }))
      try {
        const started = await supervise(common, joining)
        deps.tell({ type: 'team.started', team })
        return started
      } catch (error) {
        // Those before the one that could not be started have been ended again.
        for (const { mission } of joining) if (mission !== undefined) await deps.remove(mission.id)
        throw error
      }
    },
    list: () => [...teams.values()],
    async resume(missions) {
      const found = missions.flatMap(({ actor, handle }) => {
        const { team: membership } = actor.record().spec
        return membership === null ? [] : [{ membership, input: undefined, mission: handle }]
      })
      const attached: Promise<unknown>[] = []
      for (const members of Map.groupBy(found, ({ membership }) => membership.team).values()) {
        members.sort((a, b) => a.membership.place - b.membership.place)
        const [first] = members
        const alive = members.filter(({ mission }) => mission.view().state.exit === null)
        const again = leftToStart(members)
        if (first === undefined || (alive.length === 0 && again.size === 0)) continue
        if (members.some(({ mission }) => mission.view().state.ending?.reason === 'team-end')) {
          // It was being ended: the rest of it is.
          for (const { mission } of alive) tellEnd(mission, 'team-end')
          continue
        }
        const { exceeded, charges } = chargeAll(first.membership, members)
        if (exceeded) {
          for (const { mission } of alive.toReversed()) tellEnd(mission, 'team-end')
          deps.tell({ type: 'team.ended', team: first.membership.team, outcome: 'gave-up' })
          continue
        }
        const resumed = endAll(alive.filter((member) => again.has(member)))
          .then(() => supervise(first.membership, members, { again, charges }))
          .catch((error: unknown) => {
            if (!closed) deps.fault(error)
          })
        // What has to be ended and started first may take its time.
        if (again.size === 0) attached.push(resumed)
      }
      await Promise.all(attached)
    },
    async stopAll() {
      await Promise.all(
        [...teams.values()].filter((team) => team.view().outcome === undefined).map((team) => team.stop()),
      )
    },
    close: () => {
      closed = true
    },
  }
}

function endedByTeam(mission: Mission): boolean {
  const reason = mission.view().state.ending?.reason
  return reason === 'team-end' || reason === 'team-restart'
}

/** The members that the last supervisor was starting again, or would have if it had seen them fail. */
function leftToStart<M extends Member & { readonly mission: Mission }>(
  members: readonly M[],
): ReadonlySet<M> {
  const failed = failedOf(members)
  const [first] = failed
  const withFirst = first === undefined ? [] : affected(first.membership.strategy, members, first)
  return new Set([...failed, ...withFirst, ...members.filter(({ mission }) => wasToStartAgain(mission))])
}

/** Those whose failure is their team's business. */
function failedOf<M extends Member & { readonly mission: Mission }>(members: readonly M[]): readonly M[] {
  return members.filter(({ mission, membership }) => membership.restart !== 'temporary' && hasFailed(mission))
}

function hasFailed(mission: Mission): boolean {
  const { exit } = mission.view().state
  return exit !== null && exit.class !== 'completed' && exit.class !== 'stopped' && exit.class !== 'killed'
}

/** Its team had ended it to start it again, and did not get to that. */
function wasToStartAgain(mission: Mission): boolean {
  const { exit, ending } = mission.view().state
  return exit !== null && ending?.reason === 'team-restart'
}
