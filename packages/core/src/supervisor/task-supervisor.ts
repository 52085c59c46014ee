/**
 * Functions as supervised children that come and go: Elixir's `Task.Supervisor`. A task runs once and gives a value; what
 * it is ended by is its `signal`.
 */
import { availableParallelism } from 'node:os'
import { type ActorRefFromLogic, type AnyActorRef, fromPromise, type PromiseActorLogic } from 'xstate'
import { OvermindError } from '../model/errors.ts'
import { systemClock, type Clock } from '../model/time.ts'
import type { ChildCounts, ChildView } from './children.ts'
import {
  type DynamicSupervisor,
  type DynamicSupervisorOptions,
  startDynamicSupervisor,
} from './dynamic-supervisor.ts'
import { invalid } from './flags.ts'
import { type StartOptions, type SupervisorHandle, whenExited } from './logic.ts'
import type { RestartType } from './strategy.ts'

/** What a task does. It must heed the signal: a promise can be asked to end, and no more. */
export type TaskFunction<Value> = (signal: AbortSignal) => Promise<Value> | Value

export interface TaskOptions {
  /** Whose task it is: it is ended when this actor has ended. Default: nobody's, so that it outlives who asked for it. */
  readonly caller?: AnyActorRef
}

/** A task that was started. */
export interface Task<Value> {
  /** Its actor. */
  readonly ref: AnyActorRef
  /**
   * What it gives; rejects with what it failed with.
   *
   * @throws OvermindError `task_ended` when it was ended before; `timeout` after `timeoutMs` milliseconds: then the task is
   * ended, and what it still gives is nobody's
   */
  result(options?: { readonly timeoutMs?: number }): Promise<Value>
  /** Ends it. Nothing happens when it has ended. */
  end(): Promise<void>
}

export interface TaskStreamOptions {
  /** Tasks at a time. Default: the number of processors. */
  readonly maxConcurrency?: number
  /** Whether results come in the order of the inputs, or as they are there. Default: true. */
  readonly ordered?: boolean
  /** Milliseconds that one task may take. Default: no limit. */
  readonly timeoutMs?: number
  /** `throw`: a task that takes too long ends the stream. `reject`: it is one that has failed. Default: `throw`. */
  readonly onTimeout?: 'throw' | 'reject'
}

/** A supervisor of tasks at work. */
export interface TaskSupervisor extends SupervisorHandle {
  /** Starts a task whose value is wanted. It is not restarted. @throws OvermindError `max_children`, `supervisor_ended` */
  async<Value>(run: TaskFunction<Value>, options?: TaskOptions): Promise<Task<Value>>
  /**
   * Starts a task whose value nobody wants, and that may be restarted. Default: `temporary`.
   *
   * @throws OvermindError `max_children`, `supervisor_ended`
   */
  startChild(run: TaskFunction<unknown>, options?: { readonly restart?: RestartType }): Promise<void>
  /**
   * A task for each input, some at a time, begun as their results are asked for. Whoever leaves the loop ends those that are
   * still at work.
   *
   * @throws OvermindError `max_children`, `supervisor_ended`, `timeout`; then those that are at work have been ended
   */
  stream<Input, Value>(
    inputs: Iterable<Input> | AsyncIterable<Input>,
    run: (input: Input, signal: AbortSignal) => Promise<Value> | Value,
    options?: TaskStreamOptions,
  ): AsyncGenerator<PromiseSettledResult<Value>, void, undefined>
  /** @throws OvermindError `supervisor_ended` */
  whichChildren(): readonly ChildView[]
  /** @throws OvermindError `supervisor_ended` */
  countChildren(): ChildCounts
}

type TaskLogic<Value> = PromiseActorLogic<Value, TaskFunction<Value>>

/**
 * Starts a supervisor of tasks.
 *
 * @throws OvermindError `invalid_supervisor`
 * @example
 * ```ts
 * await using tasks = await startTaskSupervisor({ maxChildren: 100 })
 * const task = await tasks.async((signal) => fetch(url, { signal }))
 * const response = await task.result({ timeoutMs: 5000 })
 * for await (const result of tasks.stream(urls, (each, signal) => fetch(each, { signal }), { maxConcurrency: 4 })) {
 *   if (result.status === 'fulfilled') console.log(result.value.status)
 * }
 * ```
 */
export async function startTaskSupervisor(
  options: DynamicSupervisorOptions = {},
  start: StartOptions = {},
): Promise<TaskSupervisor> {
  return supervise(await startDynamicSupervisor(options, start), start.clock ?? systemClock)
}

function supervise(children: DynamicSupervisor, clock: Clock): TaskSupervisor {
  async function begin<Value>(
    run: TaskFunction<Value>,
    restart: RestartType,
  ): Promise<ActorRefFromLogic<TaskLogic<Value>>> {
    const start: TaskLogic<Value> = fromPromise(async ({ input, signal }) => input(signal))
    const { ref } = await children.startChild({ id: 'task', start, input: run, restart })
    if (ref === undefined) throw new TypeError('a task does not ignore its start')
    return ref
  }

  async function end(ref: AnyActorRef): Promise<void> {
    await children.terminateChild(ref).catch((error: unknown) => {
      const isGone =
        error instanceof OvermindError &&
        (error.code === 'child_not_found' || error.code === 'supervisor_ended')
      if (!isGone) throw error
    })
  }

  /** A caller may live for long, and have had many tasks: of one that is over it knows nothing. */
  function endWith(caller: AnyActorRef, ref: AnyActorRef, over: Promise<unknown>): void {
    // Nobody can be told of a failure to end it but the supervisor's reports, and these know.
    const stop = (): void => void end(ref).catch(() => undefined)
    const bond = caller.subscribe({ error: stop, complete: stop })
    void over.then(() => bond.unsubscribe())
  }

  async function startTask<Value>(
    run: TaskFunction<Value>,
    { caller }: TaskOptions = {},
  ): Promise<Task<Value>> {
    const ref = await begin(run, 'temporary')
    const over = whenExited(ref)
    if (caller !== undefined) endWith(caller, ref, over)

    async function valueOf(): Promise<Value> {
      await over
      const snapshot = ref.getSnapshot()
      switch (snapshot.status) {
        case 'done':
          // A promise's logic is done with what the promise gave.
          return snapshot.output
        case 'error':
          throw snapshot.error
        case 'active':
        case 'stopped':
          throw new OvermindError('task_ended', 'the task was ended before it had a result')
      }
    }

    return {
      ref,
      end: () => end(ref),
      async result({ timeoutMs } = {}) {
        if (timeoutMs === undefined) return valueOf()
        const late = Promise.withResolvers<'late'>()
        const cancel = clock.timer(timeoutMs, () => late.resolve('late'))
        const first = await Promise.race([over, late.promise])
        cancel()
        if (first !== 'late') return valueOf()
        await end(ref)
        throw new OvermindError('timeout', `the task has given nothing within ${timeoutMs} ms`)
      },
    }
  }

  async function* stream<Input, Value>(
    inputs: Iterable<Input> | AsyncIterable<Input>,
    run: (input: Input, signal: AbortSignal) => Promise<Value> | Value,
    {
      maxConcurrency = availableParallelism(),
      ordered = true,
      timeoutMs,
      onTimeout = 'throw',
    }: TaskStreamOptions,
  ): AsyncGenerator<PromiseSettledResult<Value>, void, undefined> {
    interface Running {
      readonly task: Task<Value>
      readonly settled: Promise<{ readonly of: Running; readonly result: PromiseSettledResult<Value> }>
    }
    const running = new Set<Running>()
    const source = iteratorOf(inputs)
    let isMore = true

    async function startNext(): Promise<void> {
      const next = await source.next()
      if (next.done === true) {
        isMore = false
        return
      }
      const task = await startTask<Value>((signal) => run(next.value, signal))
      const one: Running = {
        task,
        settled: Promise.allSettled([task.result(timeoutMs === undefined ? {} : { timeoutMs })]).then(
          ([result]) => ({ of: one, result }),
        ),
      }
      running.add(one)
    }

    try {
      for (;;) {
        while (isMore && running.size < maxConcurrency) await startNext()
        const [first] = running
        if (first === undefined) return
        const { of, result } = await (ordered
          ? first.settled
          : Promise.race([...running].map(({ settled }) => settled)))
        running.delete(of)
        if (result.status === 'rejected' && isTimeout(result.reason) && onTimeout === 'throw')
          throw result.reason
        yield result
      }
    } finally {
      await Promise.all([...running].map(({ task }) => task.end()))
      if (isMore) await source.return?.()
    }
  }

  return {
    ref: children.ref,
    stop: children.stop,
    exited: children.exited,
    print: children.print,
    toString: children.print,
    [Symbol.asyncDispose]: () => children[Symbol.asyncDispose](),
    whichChildren: children.whichChildren,
    countChildren: children.countChildren,
    async: startTask,
    async startChild(run, { restart = 'temporary' } = {}) {
      await begin(run, restart)
    },
    stream(inputs, run, options = {}) {
      const { maxConcurrency = 1 } = options
      if (!Number.isInteger(maxConcurrency) || maxConcurrency < 1)
        throw invalid('maxConcurrency', maxConcurrency, 'an integer, 1 or more')
      return stream(inputs, run, options)
    },
  }
}

function iteratorOf<Input>(
  inputs: Iterable<Input> | AsyncIterable<Input>,
): Iterator<Input> | AsyncIterator<Input> {
  return Symbol.asyncIterator in inputs ? inputs[Symbol.asyncIterator]() : inputs[Symbol.iterator]()
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof OvermindError && reason.code === 'timeout'
}
