/**
 * Hooks: events of the journal for commands and addresses, at least once, whatever dies. A hook is a place in the journal; what it has
 * read and not yet brought is in the store, row by row. One reader and one sender for each, so that none waits for another.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { OvermindError, type Runtime, type Seq } from '@overmind/core'
import type { DeadDeliveryView, HookChange, HookTest, HookView } from '../api/types.ts'
import type { Hook } from '../config/config.ts'
import type { Logger } from '../log.ts'
import type { Tables } from '../store/sqlite-store.ts'
import { attempt } from './attempt.ts'
import { type Deliveries, openDeliveries } from './deliveries.ts'
import { testDelivery } from './delivery.ts'
import { deadDeliveryView, hookViews } from './hook-views.ts'
import { insistence } from './insist.ts'
import { createPace, type Pace } from './pace.ts'
import { readJournal } from './reader.ts'
import { createSender, type Sender } from './sender.ts'

/** How long what can be delivered now may take when the daemon ends. Milliseconds. */
const GRACE_MS = 1000

export interface Hooks {
  /** From now on these are the hooks. @throws OvermindError `store_failed`: then nothing has changed */
  change(hooks: readonly Hook[]): readonly HookChange[]
  list(): readonly HookView[]
  /** Sends something now, once. @throws OvermindError `hook_not_found` */
  test(name: string): Promise<HookTest>
  /** Of one hook, or of all. @throws OvermindError `hook_not_found` */
  dead(name: string | undefined): readonly DeadDeliveryView[]
  /** Dead deliveries wait again; how many. @throws OvermindError `hook_not_found`, `store_failed` */
  retry(name: string | undefined): number
  /** How many dead deliveries are forgotten. @throws OvermindError `hook_not_found`, `store_failed` */
  drop(name: string | undefined): number
  /** Once the runtime has closed: sends what can be sent in a moment, and leaves the rest to the next daemon. */
  close(): Promise<void>
}

export interface HooksOptions {
  readonly tables: Tables
  readonly home: string
  readonly logger: Logger
  readonly hooks: readonly Hook[]
  /** The newest event: a hook that is new begins behind it. */
  readonly present: Seq
}

/**
 * Settles who is there, before anything happens that they may want to know; the result begins to read and to send.
 *
 * @throws OvermindError `store_failed`
 */
export function openHooks({
  tables,
  home,
  logger,
  hooks,
  present,
}: HooksOptions): (runtime: Runtime) => Hooks {
  const deliveries = openDeliveries(tables)
  for (const [hook, waiting] of settle(hooks, present)) {
    logger.warn({ hook, waiting }, 'a hook is no longer in config.toml: what waited for it is dropped')
  }
  return begin

  function settle(hooks: readonly Hook[], present: Seq): ReadonlyMap<string, number> {
    return deliveries.settle(
      hooks.map(({ name }) => name),
      present,
    )
  }

  function begin(runtime: Runtime): Hooks {
    const options = { runtime, home, pace: createPace(), deliveries, logger }
    const lines = new Map(hooks.map((hook) => [hook.name, openLine(hook, options)]))
    const current = (): readonly Hook[] => [...lines.values()].map(({ hook }) => hook())

    function known(name: string): Line {
      const line = lines.get(name)
      if (line !== undefined) return line
      throw new OvermindError('hook_not_found', `there is no hook ${JSON.stringify(name)} in config.toml`)
    }

    /** One that is gone may have left something. */
    function mustHaveBeen(name: string | undefined): void {
      if (name !== undefined && !deliveries.counts().has(name)) known(name)
    }

    return {
      change(wanted) {
        const dropped = settle(wanted, runtime.revision())
        const gone = [...lines].filter(([name]) => dropped.has(name))
        for (const [name, line] of gone) {
          lines.delete(name)
          void line.close(0)
        }
        const before = new Map(lines)
        lines.clear()
        const changes = wanted.map((hook): HookChange => {
          const line = before.get(hook.name)
          lines.set(hook.name, line ?? openLine(hook, options))
          const change = line === undefined ? 'added' : line.change(hook)
          return { name: hook.name, change, dropped: 0 }
        })
        const removed = [...dropped].map(([name, dropped]): HookChange => ({
          name,
          change: 'removed',
          dropped,
        }))
        return [...changes, ...removed]
      },
      list: () => hookViews(current(), deliveries.counts()),
      test: (name) => known(name).test(),
      dead(name) {
        mustHaveBeen(name)
        return deliveries.dead(name).map(deadDeliveryView)
      },
      retry(name) {
        const revived = name === undefined ? [...lines.values()] : [known(name)]
        const many = deliveries.revive(
          revived.map(({ hook }) => hook().name),
          Date.now(),
        )
        for (const { sender } of revived) sender.look()
        return many
      },
      drop(name) {
        mustHaveBeen(name)
        return deliveries.drop(name)
      },
      close: async () => {
        await Promise.all([...lines.values()].map((line) => line.close(GRACE_MS)))
      },
    }
  }
}

interface LineOptions {
  readonly runtime: Runtime
  readonly home: string
  readonly pace: Pace
  readonly deliveries: Deliveries
  readonly logger: Logger
}

/** What works for one hook. */
interface Line {
  hook(): Hook
  readonly sender: Sender
  /** The same hook, described anew. */
  change(hook: Hook): 'changed' | 'unchanged'
  test(): Promise<HookTest>
  /** After so long, what is under way is given up. */
  close(graceMs: number): Promise<void>
}

function openLine(first: Hook, { runtime, home, pace, deliveries, logger }: LineOptions): Line {
  const { name } = first
  const left = new AbortController()
  const { signal } = left
  let current = first
  const hook = (): Hook => current
  const insist = insistence({
    signal,
    onFault: (error) => logger.error({ err: error, hook: name }, 'a hook has to wait'),
  })
  const sender = createSender(hook, {
    home,
    pace,
    deliveries,
    signal,
    insist,
    onDead: ({ id, attempts }, reason) =>
      logger.warn({ hook: name, delivery: id, attempts: attempts + 1, reason }, 'a delivery is dead'),
    onDropped: (count) => logger.warn({ hook: name, count }, 'the oldest dead deliveries are dropped'),
  })
  const reading = readJournal(hook, {
    runtime,
    deliveries,
    signal,
    insist,
    onDelivery: sender.look,
    onGap: ({ after, next }) =>
      logger.warn({ hook: name, after, next }, 'events were no longer kept when a hook came to read them'),
  }).catch((error: unknown) => logger.error({ err: error, hook: name }, 'a hook cannot read the journal'))
  sender.look()

  return {
    hook,
    sender,
    change(next) {
      const same = JSON.stringify(next) === JSON.stringify(current)
      current = next
      return same ? 'unchanged' : 'changed'
    },
    async test() {
      const delivery = testDelivery(current, new Date())
      const began = performance.now()
      const outcome = await attempt(current, delivery, { home, pace, signal })
      const duration = Math.round(performance.now() - began)
      const delivered = outcome.kind === 'delivered'
      const why = outcome.kind === 'interrupted' ? 'the daemon ended, or the hook was removed' : null
      const reason = outcome.kind === 'failed' ? outcome.reason : why
      return { delivery: delivery.id, delivered, reason, duration_ms: duration }
    },
    async close(graceMs) {
      const late = new AbortController()
      if (graceMs > 0) {
        const done = reading.then(sender.idle)
        await Promise.race([done, pause(graceMs, undefined, { signal: late.signal }).catch(() => undefined)])
        late.abort()
      }
      left.abort()
      await reading
      await sender.close()
    },
  }
}
