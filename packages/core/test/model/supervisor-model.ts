/**
 * Random programs for a supervisor, held against a plain model of OTP's rules: what is started and stopped, in
 * which order, what is answered, and what is left. Used by the normal run and by the soak run.
 */
import fc from 'fast-check'
import {
  type AutoShutdown,
  type ChildInput,
  OvermindError,
  type RestartType,
  startSupervisor,
  type Strategy,
} from '../../src/index.ts'
import { crash, finish, leave, type Pull, stage } from '../support/puppet.ts'

const IDS = ['a', 'b', 'c', 'd', 'e'] as const
type Id = (typeof IDS)[number]
type How = 'normal' | 'shutdown' | 'error'

interface Wish {
  readonly id: Id
  readonly restart: RestartType
  readonly significant: boolean
  /** Asked to end before it is stopped, and ends then. */
  readonly asked: boolean
}

export type Step =
  | { readonly do: 'end'; readonly ids: readonly Id[]; readonly how: How }
  | { readonly do: 'fail-next'; readonly id: Id; readonly times: number }
  | { readonly do: 'start'; readonly wish: Wish }
  | { readonly do: 'terminate' | 'restart' | 'delete'; readonly id: Id }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'strategy'; readonly strategy: Strategy }
  | { readonly do: 'stop' }

export interface Program {
  readonly strategy: Strategy
  readonly autoShutdown: AutoShutdown
  readonly maxRestarts: number
  readonly maxSeconds: number
  readonly children: readonly Wish[]
  readonly steps: readonly Step[]
}

const id = fc.constantFrom(...IDS)
const how = fc.constantFrom<How>('normal', 'shutdown', 'error', 'error')
const strategy = fc.constantFrom<Strategy>('one_for_one', 'one_for_all', 'rest_for_one')
const wish: fc.Arbitrary<Wish> = fc.record({
  id,
  restart: fc.constantFrom<RestartType>('permanent', 'permanent', 'transient', 'temporary'),
  significant: fc.boolean(),
  asked: fc.boolean(),
})

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      ids: fc.uniqueArray(id, { minLength: 1, maxLength: 3 }),
      how,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('fail-next' as const),
      id,
      times: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('start' as const), wish }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('terminate' as const, 'restart' as const, 'delete' as const),
      id,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      ms: fc.constantFrom(0, 0, 1, 999, 1000, 1001, 9000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('strategy' as const), strategy }) },
  { weight: 1, arbitrary: fc.constant({ do: 'stop' as const }) },
)

/** Uniformly random steps hardly ever use a budget up, so some come in the order in which trouble comes. */
const story: fc.Arbitrary<readonly Step[]> = fc.oneof(
  { weight: 10, arbitrary: anyStep.map((step) => [step]) },
  // A crash loop.
  {
    weight: 2,
    arbitrary: fc
      .record({ id, rounds: fc.integer({ min: 1, max: 5 }), ms: fc.constantFrom(0, 400, 1001) })
      .map(({ id: one, rounds, ms }) =>
        Array.from({ length: rounds }, (): readonly Step[] => [
          { do: 'end', ids: [one], how: 'error' },
          { do: 'advance', ms },
        ]).flat(),
      ),
  },
  // Restarts that fail, with somebody who looks after it in between.
  {
    weight: 2,
    arbitrary: fc
      .record({ broken: id, ended: id, times: fc.integer({ min: 1, max: 4 }), between: anyStep })
      .map(({ broken, ended, times, between }): readonly Step[] => [
        { do: 'fail-next', id: broken, times },
        { do: 'end', ids: [ended], how: 'error' },
        between,
        { do: 'advance', ms: 0 },
        { do: 'advance', ms: 0 },
      ]),
  },
)

/** Somebody who looks after a child while its restarts fail. */
const attention: fc.Arbitrary<readonly Step[]> = fc
  .record({
    id,
    asks: fc.array(fc.constantFrom('terminate' as const, 'restart' as const, 'delete' as const), {
      minLength: 1,
      maxLength: 3,
    }),
  })
  .map(({ id: one, asks }): readonly Step[] => [
    { do: 'advance', ms: 9000 },
    { do: 'fail-next', id: one, times: 2 },
    { do: 'end', ids: [one], how: 'error' },
    ...asks.map((ask): Step => ({ do: ask, id: one })),
    { do: 'advance', ms: 0 },
  ])

export const program: fc.Arbitrary<Program> = fc.record({
  strategy,
  autoShutdown: fc.constantFrom<AutoShutdown>('never', 'never', 'any_significant', 'all_significant'),
  maxRestarts: fc.constantFrom(0, 1, 2, 3, 5),
  maxSeconds: fc.constantFrom(1, 5),
  children: fc.uniqueArray(wish, { minLength: 1, maxLength: 4, selector: (one) => one.id }),
  steps: fc
    .array(fc.oneof({ weight: 7, arbitrary: story }, { weight: 1, arbitrary: attention }), {
      minLength: 1,
      maxLength: 12,
    })
    .map((stories) => stories.flat()),
})

/** What many programs came across, so that a test can tell when something was never reached. */
export type Coverage = Map<string, number>

export const WANTED: readonly string[] = [
  'restart one_for_one',
  'restart one_for_all',
  'restart rest_for_one',
  'restart of several',
  'gave up',
  'gave up while others had ended',
  'a charge left the window',
  'restart failed',
  'retry failed',
  'retry succeeded',
  'retry overtaken',
  'terminated while restarting',
  'stopped while restarting',
  'temporary forgotten',
  'temporary sibling dropped',
  'transient kept',
  'exit of an old life',
  'shut down by any_significant',
  'shut down by all_significant',
  'significant exit that is not the last',
  'init failed',
  'answer ok',
  'answer child_already_present',
  'answer child_already_started',
  'answer child_not_found',
  'answer child_restarting',
  'answer child_running',
  'answer child_start_failed',
  'answer supervisor_ended',
]

/** A permanent child cannot be significant. */
const isSignificant = ({ restart, significant }: Pick<Wish, 'restart' | 'significant'>): boolean =>
  significant && restart !== 'permanent'

type State = 'running' | 'restarting' | 'stopped'

interface Child {
  readonly wish: Wish
  state: State
  /** Counted up at each start, so that the exit of an old life is known. */
  life: number
  /** It has ended by itself, and the supervisor has not come to it yet. */
  dead: boolean
}

/** OTP's rules, without actors, promises or timers. */
class Model {
  readonly log: string[] = []
  readonly failing = new Map<Id, number>()
  children: Child[] = []
  retries: { readonly child: Child; readonly life: number }[] = []
  charges: number[] = []
  now = 0
  ended: 'shutdown' | 'gave up' | 'init failed' | undefined
  strategy: Strategy
  private readonly program: Program
  private readonly note: (what: string) => void

  constructor(of: Program, note: (what: string) => void) {
    this.program = of
    this.note = note
    this.strategy = of.strategy
  }

  init(): void {
    this.children = this.program.children.map((one) => ({
      wish: one,
      state: 'stopped',
      life: 0,
      dead: false,
    }))
    for (const child of this.children) {
      if (this.begin(child)) continue
      this.finish('init failed')
      return
    }
  }

  begin(child: Child): boolean {
    const { id: name } = child.wish
    const failures = this.failing.get(name) ?? 0
    child.life += 1
    child.dead = false
    if (failures > 0) {
      this.failing.set(name, failures - 1)
      this.log.push(`!${name}`)
      return false
    }
    this.log.push(`+${name}`)
    child.state = 'running'
    return true
  }

  end(child: Child): void {
    if (child.state === 'running' && !child.dead)
      this.log.push(`${child.wish.asked ? '?' : '-'}${child.wish.id}`)
    child.state = 'stopped'
  }

  forgetIfTemporary(child: Child): boolean {
    if (child.wish.restart !== 'temporary') return false
    this.children = this.children.filter((other) => other !== child)
    return true
  }

  finish(why: NonNullable<Model['ended']>): void {
    if (this.children.some(({ state }) => state === 'restarting')) this.note('stopped while restarting')
    for (const child of this.children.toReversed()) this.end(child)
    this.ended = why
  }

  exits(ids: readonly Id[], kind: How): void {
    const victims = this.children.filter(
      ({ wish: { id: name }, state }) => ids.includes(name) && state === 'running',
    )
    const order = ids.flatMap((name) => victims.filter((child) => child.wish.id === name))
    const lives = order.map(({ life }) => life)
    for (const child of order) child.dead = true
    for (const [index, child] of order.entries()) {
      if (this.ended !== undefined) return
      if (child.life !== lives[index] || child.state !== 'running') {
        this.note('exit of an old life')
        continue
      }
      this.exit(child, kind)
    }
  }

  exit(child: Child, kind: How): void {
    const { restart } = child.wish
    if (restart === 'permanent' || (restart === 'transient' && kind === 'error')) {
      this.note(`restart ${this.strategy}`)
      this.restart(child)
      return
    }
    child.state = 'stopped'
    this.note(this.forgetIfTemporary(child) ? 'temporary forgotten' : 'transient kept')
    if (!isSignificant(child.wish) || this.program.autoShutdown === 'never') return
    const others = this.children.filter((other) => isSignificant(other.wish) && other.state !== 'stopped')
    if (this.program.autoShutdown === 'all_significant' && others.length > 0) {
      this.note('significant exit that is not the last')
      return
    }
    this.note(`shut down by ${this.program.autoShutdown}`)
    this.finish('shutdown')
  }

  restart(child: Child): void {
    const before = this.charges.length
    this.charges = [...this.charges, this.now].filter((at) => at >= this.now - this.program.maxSeconds * 1000)
    if (this.charges.length <= before) this.note('a charge left the window')
    if (this.charges.length > this.program.maxRestarts) {
      child.state = 'stopped'
      this.note('gave up')
      if (this.children.some(({ dead, state }) => dead && state === 'running'))
        this.note('gave up while others had ended')
      this.finish('gave up')
      return
    }
    const all = [...this.children]
    const from = { one_for_one: [child], one_for_all: all, rest_for_one: all.slice(all.indexOf(child)) }
    const group = from[this.strategy]
    if (group.length > 1) this.note('restart of several')
    for (const other of group.toReversed()) {
      if (other === child) {
        child.state = 'stopped'
        continue
      }
      this.end(other)
      if (this.forgetIfTemporary(other)) this.note('temporary sibling dropped')
    }
    for (const each of group) {
      if (!this.children.includes(each)) continue
      if (this.begin(each)) continue
      this.note('restart failed')
      each.state = 'restarting'
      this.retries.push({ child: each, life: each.life })
      return
    }
  }

  advance(ms: number): void {
    this.now += ms
    for (const { child, life } of this.retries.splice(0)) {
      if (this.ended !== undefined) return
      if (child.state !== 'restarting' || child.life !== life) {
        this.note('retry overtaken')
        continue
      }
      this.restart(child)
      if (this.ended === undefined) this.note(this.alive(child) ? 'retry succeeded' : 'retry failed')
    }
  }

  private alive({ state }: Child): boolean {
    return state === 'running'
  }

  /** The answer to a request: `ok` or an error's code. */
  ask(step: Extract<Step, { do: 'start' | 'terminate' | 'restart' | 'delete' }>): string {
    if (this.ended !== undefined) return 'supervisor_ended'
    const name = step.do === 'start' ? step.wish.id : step.id
    const child = this.children.find((one) => one.wish.id === name)
    if (step.do === 'start') {
      if (child !== undefined)
        return child.state === 'running' ? 'child_already_started' : 'child_already_present'
      const added: Child = { wish: step.wish, state: 'stopped', life: 0, dead: false }
      if (!this.begin(added)) return 'child_start_failed'
      this.children.push(added)
      return 'ok'
    }
    if (child === undefined) return 'child_not_found'
    if (step.do === 'terminate') {
      if (child.state === 'restarting') this.note('terminated while restarting')
      this.end(child)
      this.forgetIfTemporary(child)
      return 'ok'
    }
    if (child.state !== 'stopped') return child.state === 'running' ? 'child_running' : 'child_restarting'
    if (step.do === 'restart') return this.begin(child) ? 'ok' : 'child_start_failed'
    this.children = this.children.filter((other) => other !== child)
    return 'ok'
  }
}

function fail(what: string): never {
  throw new Error(what)
}

function same(what: string, ours: unknown, wanted: unknown): void {
  const [got, want] = [JSON.stringify(ours), JSON.stringify(wanted)]
  if (got !== want) fail(`${what}: ${got}, and not ${want}`)
}

const flush = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const answerOf = (request: Promise<unknown>): Promise<string> =>
  request.then(
    () => 'ok',
    (error: unknown) => (error instanceof OvermindError ? error.code : fail(String(error))),
  )

const PULLS: Readonly<Record<How, Pull>> = { normal: finish, shutdown: leave, error: crash }

/** Runs one program. @throws Error that says where the supervisor is not as the model says */
export async function run(one: Program, seen: Coverage): Promise<void> {
  const note = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1)
  const model = new Model(one, note)
  const { puppet, options, fails, log, clock, whenAsked } = stage()
  for (const name of IDS) whenAsked.set(name, finish)
  const input = ({ id: name, restart, significant, asked }: Wish): ChildInput =>
    ({
      ...puppet(name, asked ? { stopEvent: { type: 'ask' } } : {}),
      restart,
      significant: isSignificant({ restart, significant }) && one.autoShutdown !== 'never',
    }) as ChildInput

  // A first step that makes starts fail concerns the first starts.
  const [first] = one.steps
  if (first?.do === 'fail-next') {
    model.failing.set(first.id, first.times)
    fails.set(first.id, first.times)
  }
  const steps = first?.do === 'fail-next' ? one.steps.slice(1) : one.steps
  model.init()
  const { strategy: begin, autoShutdown, maxRestarts, maxSeconds } = one
  const children = one.children.map(input)
  const flags = { strategy: begin, autoShutdown, maxRestarts, maxSeconds }
  const started = await startSupervisor({ ...flags, children }, options).catch((error: unknown) =>
    error instanceof OvermindError ? error.code : fail(String(error)),
  )
  if (typeof started === 'string') {
    same('the failure', [started, model.ended], ['child_start_failed', 'init failed'])
    same('the log', log, model.log)
    note('init failed')
    return
  }
  const supervisor = started

  for (const step of steps) {
    const at = `after ${JSON.stringify(step)}`
    switch (step.do) {
      case 'end': {
        const refs = new Map(
          model.ended === undefined
            ? supervisor
                .whichChildren()
                .flatMap(({ id: name, state, ref }) => (state === 'running' ? [[name, ref]] : []))
            : [],
        )
        model.exits(step.ids, step.how)
        for (const name of step.ids) refs.get(name)?.send(PULLS[step.how])
        break
      }
      case 'fail-next':
        model.failing.set(step.id, step.times)
        fails.set(step.id, step.times)
        break
      case 'start':
      case 'terminate':
      case 'restart':
      case 'delete': {
        const wanted = model.ask(step)
        note(`answer ${wanted}`)
        const request = {
          start: () => (step.do === 'start' ? supervisor.startChild(input(step.wish)) : fail('no start')),
          terminate: () => supervisor.terminateChild(step.do === 'terminate' ? step.id : fail('no id')),
          restart: () => supervisor.restartChild(step.do === 'restart' ? step.id : fail('no id')),
          delete: () => supervisor.deleteChild(step.do === 'delete' ? step.id : fail('no id')),
        }[step.do]
        same(`the answer ${at}`, await answerOf(request()), wanted)
        break
      }
      case 'advance':
        clock.advance(step.ms)
        model.advance(step.ms)
        break
      case 'strategy':
        if (model.ended === undefined) model.strategy = step.strategy
        await answerOf(supervisor.reconfigure({ strategy: step.strategy }))
        break
      case 'stop':
        if (model.ended === undefined) model.finish('shutdown')
        await supervisor.stop()
    }
    await flush()
    same(`the log ${at}`, log, model.log)
    if (model.ended === undefined) {
      same(
        `the children ${at}`,
        supervisor.whichChildren().map(({ id: name, state }) => [name, state]),
        model.children.map(({ wish: { id: name }, state }) => [name, state]).toReversed(),
      )
      same(`what runs ${at}`, supervisor.countChildren().active, running(model))
      same(`timers ${at}`, clock.armed, model.children.filter(({ state }) => state === 'restarting').length)
    } else {
      const reason = model.ended === 'gave up' ? 'reached_max_restart_intensity' : undefined
      same(`the end ${at}`, await supervisor.exited(), { kind: 'shutdown', reason })
      same(`timers ${at}`, clock.armed, 0)
    }
  }
  await supervisor.stop()
  if (model.ended === undefined) model.finish('shutdown')
  same('the log at the end', log, model.log)
}

function running(model: Model): number {
  return model.children.filter(({ state }) => state === 'running').length
}
