/**
 * Teams: missions as the children of a supervisor. A mission keeps its identity when its team starts it again, and knows
 * its team, so that the next runtime over the same home supervises on.
 */
import { OvermindError } from '../model/errors.ts'
import type { GroupReason, RuntimeEvent } from '../model/events.ts'
import { type MissionId, newUuid, type Random } from '../model/ids.ts'
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
    readonly mission: MissionId
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
  /** Notes missions that are to be started, all in one step. @throws OvermindError; then there is none of them. */
  create(joining: readonly Joining[]): Promise<readonly Mission[]>
  /** Starts the first run of a mission, if that has not been done; settles as `runAgain` does. */
  launch(id: MissionId): Promise<void>
  /** Starts the mission's next run; settles when it runs, has ended, or waits because its account is rate-limited. */
  runAgain(id: MissionId): Promise<void>
  entry(id: MissionId): Entry | undefined
  remove(id: MissionId): Promise<void>
  /** Notes in the journal what became of a team. */
  tell(event: TeamEvent): void
  /** The generations of which it is noted that they are over. */
  over(): ReadonlySet<string>
  /** Notes that a team counts a failure of a mission, before anything follows from it. */
  tellFailure(id: MissionId, team: string): void
  fault(error: unknown): void
}

type Common = Pick<Membership, 'team' | 'generation' | 'strategy' | 'maxRestarts' | 'maxSeconds'>

/** What becomes the mission of a member. */
export interface Joining {
  readonly input: unknown
  readonly membership: Membership
  /** For one whose description names none. */
  readonly name: string | undefined
}

interface Member {
  readonly membership: Membership
  /** What its mission was made of; undefined when an earlier supervisor made it. */
  readonly joining: Joining | undefined
  mission: Mission
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
  /** Names of teams that are about to be. */
  const reserved = new Set<string>()
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

  /** The team is there at once; `started` settles when all that has to be started has been. */
  function supervise(
    common: Common,
    members: readonly Member[],
    { again, charges }: Past = NEW,
  ): { readonly team: Team; readonly started: Promise<void> } {
    const { team: name, strategy, maxRestarts, maxSeconds } = common
    let ending: 'stopped' | 'gave-up' | undefined
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
      let isFirst = !again.has(member)

      /** Nobody knows any more what its mission was made of: an earlier supervisor made it, and it has been forgotten since. */
      const isForgotten = (): boolean =>
        member.joining === undefined && deps.entry(member.mission.id) === undefined

      async function begin(): Promise<void> {
        if (isForgotten()) return
        // One that has ended may have been forgotten meanwhile.
        if (member.joining !== undefined && deps.entry(member.mission.id) === undefined) {
          const [made] = await deps.create([member.joining])
          if (made === undefined) throw new TypeError('create() makes a mission of each')
          member.mission = made
          isFirst = true
        }
        await (isFirst ? deps.launch(member.mission.id) : deps.runAgain(member.mission.id))
        isFirst = false
        const { exit } = member.mission.view().state
        if (exit?.class === 'failed-to-start') throw new Error(exit.evidence.reason)
      }

      return {
        begin: () => (beginning = unlessClosed(begin())),
        async over() {
          const { mission } = member
          const exit = await unlessClosed(mission.exited())
          if (!isForgotten()) {
            if (exit.class === 'completed' || endedByTeam(mission)) return
            if (exit.class !== 'stopped' && exit.class !== 'killed') throw new Error(exit.evidence.reason)
          }
          // A person ended it, or its parent did: it stays ended, whatever its type, until the team starts it with others.
          void leave(member.membership.member)
          await new Promise(() => {})
        },
        async end() {
          await beginning?.catch(() => undefined) // it has been reported as a failure to start
          const { mission } = member
          if (mission.view().state.exit !== null) return
          tellEnd(mission, started && ending === undefined ? 'team-restart' : 'team-end')
          await unlessClosed(mission.exited())
        },
      }
    }

    /** Also one that ends while others are still to be started. */
    async function leave(member: string): Promise<void> {
      const supervisor = await begun.catch(() => undefined) // whoever started the team is told
      try {
        await supervisor?.terminateChild(member).catch((error: unknown) => {
          // One that does not come back has gone with a restart of the others meanwhile.
          if (!(error instanceof OvermindError) || error.code !== 'child_not_found') throw error
        })
        if (supervisor?.countChildren().active === 0) await supervisor.stop()
      } catch (error) {
        const gone = error instanceof OvermindError && error.code === 'supervisor_ended'
        if (!gone) deps.fault(error)
      }
    }

    const anyPermanent = members.some(({ membership }) => membership.restart === 'permanent')
    const start = (): Promise<Supervisor> =>
      startSupervisor(
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
            const failed = members.find(({ membership }) => membership.member === report.child.id)
            // One that has been forgotten is no longer in the journal.
            if (failed !== undefined && deps.entry(failed.mission.id) !== undefined)
              deps.tellFailure(failed.mission.id, name)
          },
        },
      )

    async function begin(): Promise<Supervisor> {
      await unlessClosed(endAll(members.filter((member) => again.has(member) && isAlive(member))))
      const supervisor = await start()
      started = true
      return supervisor
    }

    const begun = begin()
    const over = begun
      .then((running) => running.exited())
      .catch(() => {
        // Whoever started it is told why that failed.
        ending ??= 'gave-up'
      })
      .then((): TeamOutcome => {
        outcome = ending ?? 'finished'
        if (started || members.some(({ joining }) => joining === undefined))
          deps.tell({ type: 'team.ended', team: name, generation: generationOf(common), outcome })
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
          mission: mission.id,
        })),
      }),
      mission: (id) => {
        const found = members.find(({ membership }) => membership.member === id)?.mission
        if (found === undefined) {
          throw new OvermindError('not_found', `the team ${name} has no member ${id}`, { value: id })
        }
        return found
      },
      async stop() {
        ending ??= 'stopped'
        await begun.then(
          (running) => running.stop(),
          () => undefined,
        )
        await over
      },
      over: () => over,
    }
    teams.delete(name)
    teams.set(name, team)
    forgetOldest()
    return { team, started: begun.then(() => undefined) }
  }

  /** What an earlier supervisor had charged, and what it would have, had it seen it. */
  function chargeAll(intensity: Common, members: readonly Member[]): Charged {
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

  /** For a team that the last supervisor was about to end, or did not note the end of. */
  function endRest(members: readonly Member[], outcome: TeamOutcome): void {
    const [first] = members
    if (first === undefined) return
    const { team } = first.membership
    const generation = generationOf(first.membership)
    const alive = members.filter(isAlive)
    for (const { mission } of alive.toReversed()) tellEnd(mission, 'team-end')
    Promise.all(alive.map(({ mission }) => mission.exited())).then(
      () => deps.tell({ type: 'team.ended', team, generation, outcome }),
      (error: unknown) => {
        // The next supervisor sees to it.
        if (!closed) deps.fault(error)
      },
    )
  }

  function forgetOldest(): void {
    const over = [...teams.values()].filter((team) => team.view().outcome !== undefined)
    for (const { name } of over.slice(0, Math.max(0, over.length - REMEMBERED))) teams.delete(name)
  }

  function isTaken(name: string): boolean {
    const holder = teams.get(name)
    return reserved.has(name) || (holder !== undefined && holder.view().outcome === undefined)
  }

  /** @throws OvermindError `name_taken` */
  function mustBeFree(name: string): void {
    if (!isTaken(name)) return
    throw new OvermindError('name_taken', `the name ${name} is taken by a team: choose another or stop it`, {
      field: 'name',
      value: name,
    })
  }

  async function join(joining: readonly Joining[]): Promise<readonly Member[]> {
    const missions = await deps.create(joining)
    return missions.map((mission, index) => {
      const one = joining[index]
      if (one === undefined) throw new TypeError('create() makes a mission of each')
      return { membership: one.membership, joining: one, mission }
    })
  }

  /** Of a team that could not be started: those before the one that failed have been ended, those behind it wait. */
  async function forget(members: readonly Member[]): Promise<void> {
    for (const { mission } of members) {
      tellEnd(mission, 'team-end')
      await mission.exited()
    }
    for (const { mission } of members) await deps.remove(mission.id)
  }

  return {
    async start(input) {
      const { name: given, members, strategy, maxRestarts, maxSeconds } = parseTeam(input)
      if (given !== undefined) mustBeFree(given)
      const team = given ?? generateName((name) => teams.has(name) || reserved.has(name), deps.random)
      const common: Common = { team, generation: newUuid(deps.random), strategy, maxRestarts, maxSeconds }
      reserved.add(team)
      let joined: readonly Member[]
      try {
        joined = await join(
          members.map(({ id, mission: input, restart }, place): Joining => {
            const own = `${team}.${id}`
            const membership = { ...common, member: id, place, restart }
            return { input, membership, name: isName(own) ? own : undefined }
          }),
        )
      } finally {
        reserved.delete(team)
      }
      const begun = supervise(common, joined)
      try {
        await begun.started
      } catch (error) {
        // What the store does not let go of for the moment has ended all the same.
        await forget(joined).catch(deps.fault)
        teams.delete(team)
        throw error
      }
      deps.tell({ type: 'team.started', team })
      return begun.team
    },
    list: () => [...teams.values()],
    async resume(missions) {
      const found = missions.flatMap(({ actor, handle }) => {
        const { team: membership } = actor.record().spec
        return membership === null ? [] : [{ membership, joining: undefined, mission: handle }]
      })
      const attached: Promise<unknown>[] = []
      const over = found.length === 0 ? new Set<string>() : deps.over()
      const left = found.filter(({ membership }) => !over.has(generationOf(membership)))
      for (const members of Map.groupBy(left, ({ membership }) => generationOf(membership)).values()) {
        members.sort((a, b) => a.membership.place - b.membership.place)
        const [first] = members
        if (first === undefined) continue
        const again = leftToStart(members)
        // It was being ended: the rest of it is.
        if (members.some(({ mission }) => mission.view().state.ending?.reason === 'team-end')) {
          endRest(members, 'stopped')
          continue
        }
        if (!members.some(isAlive) && again.size === 0) {
          endRest(members, 'finished')
          continue
        }
        const { exceeded, charges } = chargeAll(first.membership, members)
        if (exceeded) {
          endRest(members, 'gave-up')
          continue
        }
        const resumed = supervise(first.membership, members, { again, charges }).started.catch(
          (error: unknown) => {
            if (!closed) deps.fault(error)
          },
        )
        // What has to be ended and started first may take its time.
        if (again.size === 0 && !members.some(isStarting)) attached.push(resumed)
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

/** A team was what had its name, once. */
function generationOf({ team, generation }: Common): string {
  return generation ?? team
}

function isAlive({ mission }: Member): boolean {
  return mission.view().state.exit === null
}

/** Its team was being started, and had got to it or to one before it. */
function isStarting({ mission }: Member): boolean {
  const { phase } = mission.view().state
  return phase === 'pending.queued' || phase === 'running.starting'
}

function endedByTeam(mission: Mission): boolean {
  const reason = mission.view().state.ending?.reason
  return reason === 'team-end' || reason === 'team-restart'
}

/** The members that the last supervisor was starting again, or would have if it had seen them fail. */
function leftToStart(members: readonly Member[]): ReadonlySet<Member> {
  const failed = failedOf(members)
  const [first] = failed
  const withFirst = first === undefined ? [] : affected(first.membership.strategy, members, first)
  return new Set([...failed, ...withFirst, ...members.filter(({ mission }) => wasToStartAgain(mission))])
}

/** Those whose failure is their team's business. */
function failedOf(members: readonly Member[]): readonly Member[] {
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
