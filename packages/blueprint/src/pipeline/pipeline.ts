/**
 * One run of a pipeline: starts agents when their turn comes and notes what becomes of them. It keeps nothing of its own: what it
 * has done shows in the missions that carry its labels, so that it can go on after any crash and starts nothing twice.
 */
import { type Control, type Environment, type Mission, OvermindError, type Work } from '@overmind/core'
import type { Agent, Blueprint } from '../blueprint.ts'
import { endMission } from '../end-mission.ts'
import { type AgentState, decide } from './decide.ts'
import { inputOf } from './agent-input.ts'
import { fingerprints } from './fingerprint.ts'
import { AGENT_LABEL, FINGERPRINT_LABEL, PIPELINE_LABEL } from './labels.ts'
import { linesSaid } from './log.ts'
import { outlookOf } from './outlook.ts'
import { keepAlive, whenReady } from './probe.ts'

export interface Pipeline extends Control {
  /** What it was applied with. */
  readonly env: Environment
  /** Another pipeline takes its agents over: it ends well, and leaves them as they are. */
  handOver(): void
}

/** An agent, and the mission that is it. */
interface Hand {
  readonly agent: Agent
  mission: Mission | null
}

export function runPipeline(blueprint: Blueprint, work: Work): Pipeline {
  const { runtime, mission: self } = work
  const over = Promise.withResolvers<number>()
  const left = new AbortController()
  const prints = fingerprints(blueprint)
  const hands = new Map(
    blueprint.agents.map((agent): [string, Hand] => [agent.name, { agent, mission: null }]),
  )
  /** Of those that do not wait. */
  const states = new Map<string, AgentState>()
  /** Until what was there has been found, and once the end has begun, nothing is started. */
  let phase: 'finding' | 'running' | 'ending' = 'finding'
  const starting = new Set<Promise<void>>()
  /** What an earlier supervisor has written to the log. */
  let said: ReadonlySet<string> = new Set()

  function log(agent: string, word: string, more = ''): void {
    if (!said.has(`${agent} ${word}`)) work.log(`[${agent}] ${word}${more}`)
  }

  /** Takes over what was started before; what is not declared any more is ended. */
  async function findAgents(): Promise<void> {
    const retired: Promise<void>[] = []
    const mine = runtime.list().filter(({ view }) => view().spec.labels[PIPELINE_LABEL] === blueprint.name)
    for (const mission of mine) {
      const { labels } = mission.view().spec
      const hand = hands.get(labels[AGENT_LABEL] ?? '')
      if (hand === undefined || prints.get(hand.agent.name) !== labels[FINGERPRINT_LABEL])
        retired.push(endMission(mission, 'stop'))
      // The newest counts.
      else hand.mission = mission
    }
    // Who takes their place may need what they hold.
    await Promise.all(retired)
    for (const hand of hands.values()) if (hand.mission !== null) adopt(hand, hand.mission)
  }

  function adopt(hand: Hand, mission: Mission): void {
    const { exit } = mission.view().state
    const begun = self.view().state.startedAt?.wall ?? 0
    // It failed in an earlier run of the pipeline: in this one it waits for its turn again.
    if (exit !== null && exit.at < begun && exit.class !== 'completed') hand.mission = null
    else watch(hand, mission)
  }

  function watch(hand: Hand, mission: Mission): void {
    if (left.signal.aborted) return
    const { name, ready, alive } = hand.agent
    const { state } = mission.view()
    hand.mission = mission
    const up = state.run > 0 && state.startedAt !== null
    // What was ready once has been ready, also when it has ended since.
    const wasReady = (up && ready === null) || said.has(`${name} ready`)
    states.set(name, { kind: 'live', up, ready: wasReady })
    log(name, 'started', ` as ${mission.name} (${mission.id})`)
    mission.exited({ signal: left.signal }).then(() => ended(hand, mission), fail)
    if (state.exit === null && ready !== null && !wasReady) {
      whenReady(mission, ready, { env: work.env, signal: left.signal }).then((yes) => {
        const now = states.get(name)
        if (!yes || now?.kind !== 'live') return
        states.set(name, { ...now, ready: true })
        log(name, 'ready')
        step()
        lookAfter()
      }, fail)
    } else lookAfter()
    step()

    /** From when it is ready on. */
    function lookAfter(): void {
      if (alive === null) return
      const found = (failures: number): void =>
        work.log(`[${name}] not alive, ${failures} times: its run is ended`)
      keepAlive(mission, alive, { env: work.env, signal: left.signal, found }).catch(fail)
    }
  }

  function ended(hand: Hand, mission: Mission): void {
    const { exit, startedAt } = mission.view().state
    const before = states.get(hand.agent.name)
    if (exit === null || left.signal.aborted || before?.kind !== 'live') return
    const { up, ready } = before
    const ok = exit.class === 'completed'
    states.set(hand.agent.name, {
      kind: 'ended',
      ok,
      up: up || startedAt !== null,
      ready: ready || (ok && hand.agent.ready === null),
    })
    const isStopped = exit.class === 'stopped' || exit.class === 'killed'
    if (ok) log(hand.agent.name, 'completed')
    else log(hand.agent.name, isStopped ? 'stopped' : 'failed', `: ${exit.evidence.reason}`)
    step()
  }

  function couldNotStart(hand: Hand, error: unknown): void {
    if (left.signal.aborted) return
    const reason = error instanceof Error ? error.message : String(error)
    states.set(hand.agent.name, { kind: 'ended', ok: false, up: false, ready: false })
    log(hand.agent.name, 'failed', `: ${reason}`)
    step()
  }

  async function start(hand: Hand): Promise<void> {
    const { agent } = hand
    const missionOf = (name: string): Mission | undefined => hands.get(name)?.mission ?? undefined
    const input = await inputOf(agent, { work, pipeline: blueprint.name, missionOf })
    if (phase === 'ending' || left.signal.aborted) return
    const labels = {
      ...agent.mission.labels,
      [PIPELINE_LABEL]: blueprint.name,
      [AGENT_LABEL]: agent.name,
      [FINGERPRINT_LABEL]: prints.get(agent.name) ?? '',
    }
    const mission = await runtime.start({ ...input, labels }).catch((error: unknown) => {
      // Somebody else has its name: it gets one that is made up.
      if (!(error instanceof OvermindError) || error.code !== 'name_taken') throw error
      return runtime.start({ ...input, name: undefined, labels })
    })
    watch(hand, mission)
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
      const next = decide(blueprint, states)
      if (next.stop !== null) {
        work.log(`stopped: ${next.stop}`)
        finish('stop')
        return
      }
      for (const { agent, because, fine } of next.skip) {
        states.set(agent, { kind: 'skipped', fine })
        log(agent, 'skipped', `: ${because}`)
      }
      for (const name of next.start) {
        const hand = hands.get(name)
        if (hand === undefined) continue
        states.set(hand.agent.name, { kind: 'live', up: false, ready: false })
        const begun = start(hand)
          .catch((error: unknown) => couldNotStart(hand, error))
          .finally(() => starting.delete(begun))
        starting.add(begun)
      }
      if (next.over !== null) {
        if (!said.has('done')) work.log(summary())
        left.abort()
        over.resolve(next.over.ok ? 0 : 1)
        return
      }
      if (next.skip.length === 0) return
    }
  }

  function summary(): string {
    const count = (test: (state: AgentState) => boolean): number => [...states.values()].filter(test).length
    const parts = [
      `${count((state) => state.kind === 'ended' && state.ok)} completed`,
      `${count((state) => state.kind === 'ended' && !state.ok)} failed`,
      `${count((state) => state.kind === 'skipped')} skipped`,
    ]
    return `done: ${parts.join(', ')}`
  }

  /** Ends all agents, and then itself. What is about to start is ended too. */
  function finish(how: 'stop' | 'kill'): void {
    phase = 'ending'
    Promise.allSettled(starting)
      .then(() => Promise.all(missions().map((mission) => endMission(mission, how))))
      .then(() => over.resolve(1), fail)
  }

  function missions(): readonly Mission[] {
    return [...hands.values()].flatMap(({ mission }) => mission ?? [])
  }

  function fail(error: unknown): void {
    if (!left.signal.aborted) over.reject(error)
  }

  const begun = (async (): Promise<void> => {
    said = work.resumed ? await linesSaid(self) : new Set()
    if (left.signal.aborted) return
    await findAgents()
    if (phase === 'finding') phase = 'running'
    step()
  })()
  begun.catch(fail)

  return {
    env: work.env,
    over: over.promise,
    doing: () => (phase === 'running' ? outlookOf(blueprint, states) : []),
    end(how) {
      if (how === 'force') finish('kill')
      else if (phase !== 'ending') finish('stop')
    },
    handOver() {
      phase = 'ending'
      // Whoever takes over must find all that was started.
      Promise.allSettled(starting).then(() => {
        left.abort()
        work.log('handed over: its blueprint was changed')
        over.resolve(0)
      }, fail)
    },
    leave() {
      left.abort()
    },
  }
}
