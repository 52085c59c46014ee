/**
 * One run of a pipeline: starts agents when their turn comes and notes what becomes of them. It keeps nothing of its own: what it
 * has done shows in the missions that carry its labels, so that it can go on after any crash and starts nothing twice.
 */
import type { Mission, Team, Work } from '@overmind/core'
import type { Agent, Blueprint } from '../blueprint.ts'
import { endMission } from '../end-mission.ts'
import { messageOf } from '../message-of.ts'
import { inTime } from '../passing.ts'
import type { Unit } from '../units.ts'
import { type AgentState, decide } from './decide.ts'
import { inputOf } from './agent-input.ts'
import { type Pipeline, pipelineOf } from './at-work.ts'
import { createChanges } from './changes.ts'
import { everDeclared, pipelinesNamed } from './named.ts'
import { begin, type Beginning } from './begin.ts'
import { endTogether } from './end-together.ts'
import { findAgents } from './find.ts'
import { HANDED_OVER } from './handed-over.ts'
import { fingerprints } from './fingerprint.ts'
import { AGENT_LABEL, FINGERPRINT_LABEL, PIPELINE_LABEL } from './labels.ts'
import { createLog } from './log.ts'
import { comesTo, isAtRest, teamOf } from './members.ts'
import { changeInWords, outlookOf } from './outlook.ts'
import { keepAlive, whenReady } from './probe.ts'

/** An agent, and the mission that is it. */
interface Hand {
  readonly agent: Agent
  mission: Mission | null
  /** A copy of an earlier description that runs in its place. */
  old: Mission | null
  /** Ends what looks after it as it lives now: its team may start it again. */
  looking: AbortController
}

interface LookedAfter {
  readonly mission: Mission
  readonly alive: Agent['alive']
  readonly signal: AbortSignal
}

export function runPipeline(blueprint: Blueprint, work: Work): Pipeline {
  const { runtime, mission: self } = work
  const over = Promise.withResolvers<number>()
  const left = new AbortController()
  const prints = fingerprints(blueprint)
  const hands = new Map(
    blueprint.agents.map((agent): [string, Hand] => [
      agent.name,
      { agent, mission: null, old: null, looking: new AbortController() },
    ]),
  )
  /** Of those that do not wait. */
  const states = new Map<string, AgentState>()
  /** Nothing is started until what was there has been found, and once another pipeline takes over or the end has begun. */
  let phase: 'finding' | 'running' | 'handing-over' | 'ending' = 'finding'
  const starting = new Set<Promise<void>>()
  const log = createLog(work)
  const changes = createChanges(blueprint, { work, signal: left.signal, news: step, fail })

  function handsOf({ agents }: Unit): readonly Hand[] {
    return agents.flatMap(({ name }) => hands.get(name) ?? [])
  }

  /** One after the other, as they were applied: those before it hand over, or are being ended. */
  async function takePlace(): Promise<void> {
    const named = pipelinesNamed(runtime, self.name).filter(({ view }) => view().state.exit === null)
    const place = named.findIndex(({ id }) => id === self.id)
    if (place < named.length - 1) return handOver()
    const before = named.slice(0, place)
    for (const { id } of before) pipelineOf(runtime, id)?.handOver()
    await Promise.all(before.map((each) => each.exited({ signal: left.signal })))
    if (!left.signal.aborted) await takeOver()
  }

  /** Takes over what was started before; what is not declared any more is ended. */
  async function takeOver(): Promise<void> {
    const { current, old, retired } = findAgents(runtime, { blueprint, prints, begun: leadsSince() })
    // At once: whoever ends all of it must know of them.
    for (const [name, hand] of hands) {
      hand.mission = current.get(name) ?? null
      hand.old = old.get(name) ?? null
    }
    takeIn([...current.values(), ...old.values()])
    // Who takes their place may need what they hold.
    await inTime(() => endTogether(runtime, retired, 'stop'), left.signal)
    if (old.size > 0) keepOld()
    for (const hand of hands.values()) if (hand.mission !== null) watch(hand, hand.mission)
  }

  /** What had failed by then is tried again. One that was being ended when this one began has ended agents since. */
  function leadsSince(): number {
    const others = pipelinesNamed(runtime, self.name).filter(({ id }) => id !== self.id)
    const ends = others.map(({ view }) => view().state.exit?.at ?? 0)
    return Math.max(self.view().state.startedAt?.wall ?? 0, ...ends)
  }

  /** What belonged to an earlier pipeline belongs to this one, and counts for its budget. */
  function takeIn(kept: readonly Mission[]): void {
    const own = new Set<string>([self.id, ...kept.map(({ id }) => id)])
    for (const { id, name, view } of kept) {
      const { parent } = view().spec
      if (parent !== null && own.has(parent)) continue
      try {
        runtime.move(id, self.id)
      } catch (error) {
        work.log(`${name} (${id}) still belongs to ${parent}: ${String(error)}`)
      }
    }
  }

  /** Copies of earlier descriptions go on until their turn comes. */
  function keepOld(): void {
    const earlier = everDeclared(runtime, blueprint.name)
    for (const hand of hands.values()) {
      const { agent, old } = hand
      if (old === null) continue
      const declared = earlier.get(old.view().spec.labels[FINGERPRINT_LABEL] ?? '') ?? agent
      states.set(agent.name, { kind: 'outdated' })
      hand.looking = new AbortController()
      const signal = AbortSignal.any([left.signal, hand.looking.signal])
      changes.replaceLater(agent, { mission: old, declared })
      lookAfter(hand, { mission: old, alive: declared.alive, signal })
      old.exited({ signal: left.signal }).then(() => {
        if (hand.old !== old) return
        hand.old = null
        hand.looking.abort()
        // Its successor need not wait for a turn.
        if (states.get(agent.name)?.kind === 'outdated') states.delete(agent.name)
        step()
      }, fail)
    }
  }

  /** From when it is ready on. */
  function lookAfter({ agent: { name } }: Hand, { mission, alive, signal }: LookedAfter): void {
    if (alive === null) return
    const found = (failures: number): void =>
      work.log(`[${name}] not alive, ${failures} times: its run is ended`)
    keepAlive(mission, alive, { signal, found }).catch((error: unknown) => {
      if (!signal.aborted) fail(error)
    })
  }

  function watch(hand: Hand, mission: Mission): void {
    if (left.signal.aborted) return
    const { name, ready, alive } = hand.agent
    const { state } = mission.view()
    hand.mission = mission
    hand.looking = new AbortController()
    const signal = AbortSignal.any([left.signal, hand.looking.signal])
    const failUnlessOver = (error: unknown): void => {
      if (!signal.aborted) fail(error)
    }
    const up = state.run > 1 || state.startedAt !== null
    // What was ready once has been ready, also when it has ended since.
    const wasReady = (up && ready === null) || log.hasSaid(name, 'ready')
    states.set(name, { kind: 'live', up, ready: wasReady })
    log.say(name, 'started', ` as ${mission.name} (${mission.id})`)
    changes.follow(hand.agent, mission)
    mission.exited({ signal: left.signal }).then(() => ended(hand, mission), fail)
    if (!up) comesTo(mission, ({ startedAt }) => startedAt !== null, signal).then(isUp, failUnlessOver)
    if (state.exit === null && ready !== null && !wasReady) {
      whenReady(mission, ready, { signal }).then((yes) => {
        const now = states.get(name)
        if (!yes || now?.kind !== 'live') return
        states.set(name, { ...now, ready: true })
        log.say(name, 'ready')
        step()
        lookAfter(hand, { mission, alive, signal })
      }, failUnlessOver)
    } else lookAfter(hand, { mission, alive, signal })
    step()

    /** It had been about to start when an earlier supervisor died. */
    function isUp(yes: boolean): void {
      const now = states.get(name)
      if (!yes || now?.kind !== 'live') return
      states.set(name, { ...now, up: true, ready: now.ready || ready === null })
      step()
    }
  }

  function ended(hand: Hand, mission: Mission): void {
    const { exit, startedAt } = mission.view().state
    const before = states.get(hand.agent.name)
    if (exit === null || left.signal.aborted || before?.kind !== 'live') return
    hand.looking.abort()
    const team = teamOf(runtime, mission)
    if (team !== undefined) waitFor(team, hand, mission)
    if (team !== undefined && !isAtRest(mission)) {
      log.ended(hand.agent.name, mission, '; its team decides')
      return
    }
    const { up, ready } = before
    const ok = exit.class === 'completed'
    states.set(hand.agent.name, {
      kind: 'ended',
      ok,
      up: up || startedAt !== null,
      ready: ready || (ok && hand.agent.ready === null),
    })
    log.ended(hand.agent.name, mission)
    step()
  }

  /** A member that has ended may be started again, as long as its team is not over. */
  function waitFor(team: Team, hand: Hand, mission: Mission): void {
    const waiting = new AbortController()
    const signal = AbortSignal.any([left.signal, waiting.signal])
    const again = comesTo(mission, ({ exit }) => exit === null, signal)
    const over = team.over().then((outcome) => {
      if (outcome === 'gave-up' && !left.signal.aborted) {
        const { maxRestarts, maxSeconds } = team.view()
        const name = hand.agent.team?.of.name ?? team.name
        log.say(name, 'gave up', `: more than ${maxRestarts} restarts within ${maxSeconds} s`)
      }
      return false
    })
    Promise.race([again, over]).then((isAgain) => {
      waiting.abort()
      if (left.signal.aborted) return
      if (!isAgain) return ended(hand, mission)
      log.startedAgain(hand.agent.name, mission)
      watch(hand, mission)
    }, fail)
  }

  function couldNotStart(unit: Unit, error: unknown): void {
    if (left.signal.aborted) return
    const reason = messageOf(error)
    for (const {
      agent: { name },
      old,
    } of handsOf(unit)) {
      if (old !== null) {
        states.set(name, { kind: 'outdated' })
        changes.refused(name)
      } else states.set(name, { kind: 'ended', ok: false, up: false, ready: false })
      log.say(name, 'failed', `: ${reason}`)
    }
    step()
  }

  /** What cannot be started for the moment is tried again, as what cannot be written is: its turn has come all the same. */
  function startInTime(unit: Unit): Promise<void> {
    const startUnlessOver = async (): Promise<void> => {
      if (!isOver()) await start(unit)
    }
    return inTime(startUnlessOver, left.signal, (error) => {
      for (const { name } of unit.agents) log.say(name, 'waits', `: ${messageOf(error)}`)
    })
  }

  async function start(unit: Unit): Promise<void> {
    const missionOf = (name: string): Mission | undefined => hands.get(name)?.mission ?? undefined
    const { team, dependsOn } = unit
    const beginnings: Beginning[] = []
    for (const agent of unit.agents) {
      const input = await inputOf(agent, { work, pipeline: blueprint.name, dependsOn, missionOf })
      const labels = {
        ...agent.mission.labels,
        [PIPELINE_LABEL]: blueprint.name,
        [AGENT_LABEL]: agent.name,
        [FINGERPRINT_LABEL]: prints.get(agent.name) ?? '',
      }
      beginnings.push({ agent, input: { ...input, labels } })
    }
    if (isOver()) return
    await endOld(unit)
    if (isOver()) return
    const missions = await begin(beginnings, { runtime, pipeline: blueprint.name, team })
    for (const hand of handsOf(unit)) {
      const mission = missions.get(hand.agent.name)
      if (mission !== undefined) watch(hand, mission)
    }
  }

  /** Nothing more is started. */
  function isOver(): boolean {
    return phase === 'ending' || phase === 'handing-over' || left.signal.aborted
  }

  async function endOld(unit: Unit): Promise<void> {
    for (const hand of handsOf(unit)) {
      const { old, agent } = hand
      if (old === null) continue
      log.say(agent.name, 'replaced', `: ${old.name} (${old.id}) is ended`)
      hand.looking.abort()
      changes.replacing(agent.name)
      await endMission(old, 'stop')
      hand.old = null
    }
  }

  let isDue = false

  /** Much may have happened at once: what follows from it is decided once. */
  function step(): void {
    if (isDue) return
    isDue = true
    queueMicrotask(() => {
      isDue = false
      if (phase === 'running' && !left.signal.aborted) proceed()
    })
  }

  function proceed(): void {
    for (;;) {
      const underWay = changes.underWay(states)
      for (const { of, paused, done, all } of underWay) {
        if (paused !== null) log.say(of, 'paused', `: ${paused}`)
        else if (done === all) log.say(of, 'changed', `: all ${all} are new`)
      }
      const turns = underWay.flatMap(({ replace }) => replace)
      const next = decide(blueprint, states, turns)
      if (next.stop !== null) {
        work.log(`stopped: ${next.stop}`)
        finish('stop')
        return
      }
      for (const { agent, because, fine } of next.skip) {
        states.set(agent, { kind: 'skipped', fine })
        log.say(agent, 'skipped', `: ${because}`)
      }
      for (const unit of next.start) {
        for (const { name } of unit.agents) states.set(name, { kind: 'live', up: false, ready: false })
        const begun = startInTime(unit)
          .catch((error: unknown) => couldNotStart(unit, error))
          .finally(() => starting.delete(begun))
        starting.add(begun)
      }
      if (next.over !== null) {
        log.done(states.values())
        left.abort()
        over.resolve(next.over.ok ? 0 : 1)
        return
      }
      if (next.skip.length === 0) return
    }
  }

  /** Ends all agents, and then itself. What is about to start is ended too. */
  function finish(how: 'stop' | 'kill'): void {
    phase = 'ending'
    // What is waited for below may be the polite end of one of them, for which there is no time.
    const atOnce = how === 'kill' ? endAll(how) : Promise.resolve()
    // A supervisor that takes over may be asked to before it knows whom.
    const all = found.then(() => Promise.allSettled(starting)).then(() => endAll(how))
    Promise.all([atOnce, all]).then(() => over.resolve(1), fail)
  }

  function endAll(how: 'stop' | 'kill'): Promise<void> {
    return inTime(() => endTogether(runtime, agents(), how), left.signal)
  }

  /** All that was ever started for it, by whichever pipeline of its name. */
  function agents(): readonly Mission[] {
    return runtime.list().filter(({ view }) => view().spec.labels[PIPELINE_LABEL] === blueprint.name)
  }

  function fail(error: unknown): void {
    if (left.signal.aborted) return
    left.abort()
    over.reject(error)
  }

  function handOver(): void {
    if (isOver()) return
    phase = 'handing-over'
    // Whoever takes over must find all that was started.
    Promise.allSettled(starting).then(() => {
      // It may have been asked to end meanwhile.
      if (phase !== 'handing-over' || left.signal.aborted) return
      left.abort()
      work.log('handed over: its blueprint was changed')
      over.resolve(HANDED_OVER)
    }, fail)
  }

  const found = (async (): Promise<void> => {
    await inTime(() => log.recall(), left.signal)
    if (left.signal.aborted) return
    await takePlace()
    if (phase === 'finding') phase = 'running'
    step()
  })()
  found.catch(fail)

  return {
    env: work.env,
    over: over.promise,
    doing: () =>
      phase === 'running'
        ? [...outlookOf(blueprint, states), ...changes.underWay(states).flatMap(changeInWords)]
        : [],
    isPaused: () => changes.underWay(states).some(({ paused }) => paused !== null),
    end(how) {
      if (how === 'force') finish('kill')
      else if (phase !== 'ending') finish('stop')
    },
    isEnding: () => phase === 'ending',
    handOver,
    leave() {
      left.abort()
    },
  }
}
