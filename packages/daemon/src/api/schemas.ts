/** The wire's shapes for checking requests and for the OpenAPI document; each is held against its type. */
import { z } from '@hono/zod-openapi'
import { missionInputShape, PHASES } from '@overmind/core'
import { snakeCase } from './views.ts'
import type {
  AnswerView,
  AskView,
  DaemonStatus,
  DeadDeliveryView,
  DecisionRequest,
  Description,
  HookTest,
  HookView,
  MessageView,
  MissionList,
  MissionView,
  Problem,
  Pruned,
  QueueView,
  RunView,
  Reloaded,
  TeamView,
  ChangeView,
  PipelineView,
  UsageList,
} from './types.ts'

const text = z.string()
const moment = z.iso.datetime()
const count = z.int().min(0)

const strategies = z.enum(['one_for_one', 'one_for_all', 'rest_for_one'])
const memberRestarts = z.enum(['permanent', 'transient', 'temporary'])

export const missionSchema: z.ZodType<MissionView> = z
  .object({
    id: text,
    name: text,
    command: text,
    status: z.enum(['pending', 'running', 'stalled', 'restarting', 'stopped', 'crashed', 'killed']),
    phase: z.enum(PHASES),
    ending: z
      .enum([
        'kill',
        'stop',
        'parent',
        'team-end',
        'team-restart',
        'finished',
        'trouble',
        'budget',
        'unanswered',
        'deadline',
        'stall',
        'unhealthy',
        'restart',
        'leftovers',
      ])
      .nullable(),
    os_pid: z.int().nullable(),
    type: z.enum(['task', 'session', 'blueprint', 'ritual']),
    provider: text,
    cwd: text,
    model: text.nullable(),
    restart_policy: z.enum(['never', 'on_failure', 'always']),
    restart_count: count,
    run: count,
    last_activity: moment.nullable(),
    created_at: moment,
    started_at: moment.nullable(),
    exited_at: moment.nullable(),
    parent: text.nullable(),
    children: z.array(text),
    team: z.object({ name: text, member: text, strategy: strategies }).nullable(),
    labels: z.record(text, text),
    priority: z.int(),
    colony: text,
    custody: z.enum(['marks', 'cgroup']),
    memory_bytes: count.nullable(),
    cpus: z.number().nullable(),
    pids: count.nullable(),
    terminal: z.object({ columns: count, rows: count }).nullable(),
    has_terminal: z.boolean(),
    session_id: text.nullable(),
    turn: z.enum(['off', 'starting', 'idle', 'busy']).nullable(),
    messages: count,
    asks: count,
    cost_usd: z.number().nullable(),
    tokens: count.nullable(),
    turns: count.nullable(),
    exit_code: z.int().nullable(),
    exit_signal: text.nullable(),
    exit_class: z
      .enum([
        'killed',
        'stopped',
        'budget',
        'deadline',
        'stalled',
        'failed-to-start',
        'rate-limited',
        'permanent',
        'out-of-memory',
        'signalled',
        'completed',
        'lost',
        'crashed',
      ])
      .nullable(),
    exit_reason: text.nullable(),
  })
  .openapi('Mission')

/** With `fields`, only those of each mission. */
export const missionListSchema: z.ZodType<MissionList> = z
  .object({ revision: count, missions: z.array(missionSchema) })
  .openapi('MissionList')

export const usageSchema: z.ZodType<UsageList> = z
  .object({
    at: moment,
    missions: z.array(
      z.object({
        id: text,
        name: text,
        status: z.enum(['pending', 'running', 'stalled', 'restarting', 'stopped', 'crashed', 'killed']),
        asks: count,
        command: text,
        tokens: count.nullable(),
        cost_usd: z.number().nullable(),
        turns: count.nullable(),
        processes: count,
        cpu_ms: count,
        memory_bytes: count,
      }),
    ),
  })
  .openapi('Usage')

export const startSchema: z.ZodType = z
  .strictObject(
    Object.fromEntries(Object.entries(missionInputShape).map(([name, rule]) => [snakeCase(name), rule])),
  )
  .openapi('StartRequest')

export const runListSchema: z.ZodType<{ readonly runs: readonly RunView[] }> = z
  .object({
    runs: z.array(
      z.object({
        run: count,
        started_at: moment.nullable(),
        ended_at: moment.nullable(),
        duration_ms: z.number().nullable(),
        exit_code: z.int().nullable(),
        reason: text.nullable(),
        cost_usd: z.number(),
      }),
    ),
  })
  .openapi('Runs')

export const queueSchema: z.ZodType<QueueView> = z
  .object({
    limits: z.array(z.object({ scope: text, most: count, taken: count })),
    waiting: z.array(
      z.object({
        mission: text,
        name: text,
        colony: text,
        provider: text,
        priority: z.int(),
        since: moment,
        full: z.array(text),
      }),
    ),
  })
  .openapi('Queue')

export const messageSchema: z.ZodType<MessageView> = z.object({ message: text }).openapi('Message')

export const answerSchema: z.ZodType<AnswerView> = z
  .object({
    message: text.nullable(),
    ok: z.boolean(),
    run: count,
    text,
    duration_ms: z.number().nullable(),
    cost_usd: z.number(),
    turns: count,
    usage: z.array(
      z.object({
        model: text,
        cost_usd: z.number(),
        input_tokens: count,
        output_tokens: count,
        cache_read_tokens: count,
        cache_write_tokens: count,
      }),
    ),
    details: z.record(text, z.unknown()),
  })
  .openapi('Answer')

export const askSchema: z.ZodType<AskView> = z
  .object({
    mission: text,
    name: text,
    ask: text,
    tool: text,
    summary: text,
    input: text,
    rule: text.nullable(),
    at: moment,
    blocking: count,
  })
  .openapi('Ask')

export const decisionSchema: z.ZodType<DecisionRequest> = z
  .strictObject({
    decision: z.enum(['allow', 'deny']),
    scope: z.enum(['once', 'session']).optional(),
    rule: text.min(1).optional(),
    reason: text.optional(),
  })
  .openapi('Decision')

export const teamRequestSchema: z.ZodType = z
  .strictObject({
    strategy: strategies,
    name: text.optional(),
    max_restarts: count.optional(),
    max_seconds: z.number().optional(),
    members: z.array(z.strictObject({ id: text, mission: startSchema, restart: memberRestarts.optional() })),
  })
  .openapi('TeamRequest')

export const teamSchema: z.ZodType<TeamView> = z
  .object({
    name: text,
    strategy: strategies,
    max_restarts: count,
    max_seconds: z.number(),
    outcome: z.enum(['finished', 'stopped', 'gave-up']).nullable(),
    members: z.array(z.object({ id: text, restart: memberRestarts, mission: text })),
  })
  .openapi('Team')

export const pipelineRequestSchema: z.ZodType<{
  readonly document: Readonly<Record<string, unknown>>
  readonly cwd?: string | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly source?: string | undefined
}> = z
  .strictObject({
    document: z.record(text, z.unknown(), 'must be a blueprint as an object'),
    cwd: z.string().optional(),
    env: z.record(text, text).optional(),
    source: z.string().max(4096).optional(),
  })
  .openapi('PipelineRequest')

export const changesSchema: z.ZodType<readonly ChangeView[]> = z.array(
  z.object({ agent: text, change: z.enum(['added', 'changed', 'removed', 'unchanged']) }),
)

export const pipelineSchema: z.ZodType<PipelineView> = z
  .object({
    mission: missionSchema,
    outcome: z.enum(['started', 'changed', 'retried', 'unchanged']),
    changes: changesSchema,
  })
  .openapi('Pipeline')

export const descriptionSchema: z.ZodType<Description> = z
  .object({
    mission: missionSchema,
    spec: z.record(text, z.unknown()),
    why: z.array(text),
    evidence: text.nullable(),
    receipt: z
      .object({
        signals: z.array(z.object({ signal: text, processes: count, at: moment })),
        strays: count,
        left: z.array(z.int()),
      })
      .nullable(),
    attached: z.object({ control: count, watch: count }),
    events: z.array(z.looseObject({ seq: count, at: moment, type: text })),
    output: z.array(z.object({ run: count, stream: text, path: text, bytes: count })),
  })
  .openapi('Description')

export const statusSchema: z.ZodType<DaemonStatus> = z
  .object({
    pid: z.int(),
    version: text,
    home: text,
    host: text,
    node_version: text,
    started_at: moment,
    uptime_ms: count,
    memory_bytes: count,
    processes: count,
    missions: z.object({
      pending: count,
      running: count,
      stalled: count,
      restarting: count,
      stopped: count,
      crashed: count,
      killed: count,
      total: count,
    }),
    cgroups: z.union([
      z.object({ kind: z.literal('none'), reason: text }),
      z.object({
        kind: z.literal('cgroups'),
        limits: z.array(z.enum(['memory', 'cpus', 'pids'])),
        reason: text.nullable(),
      }),
    ]),
    revision: count,
  })
  .openapi('DaemonStatus')

export const prunedSchema: z.ZodType<Pruned> = z.object({ removed: z.array(text) }).openapi('Pruned')

export const hookSchema: z.ZodType<HookView> = z
  .object({
    name: text,
    events: z.array(text),
    filter: z.array(text),
    to: text.nullable(),
    delivered: count,
    waiting: count,
    dead: count,
    last_error: text.nullable(),
    last_error_at: moment.nullable(),
  })
  .openapi('Hook')

export const deadDeliverySchema: z.ZodType<DeadDeliveryView> = z
  .object({
    delivery: text,
    hook: text,
    event: text,
    seq: count,
    mission: text.nullable(),
    attempts: count,
    error: text,
    at: moment,
  })
  .openapi('DeadDelivery')

export const hookTestSchema: z.ZodType<HookTest> = z
  .object({ delivery: text, delivered: z.boolean(), reason: text.nullable(), duration_ms: count })
  .openapi('HookTest')

/** Which hook, or all. */
export const someHook: z.ZodType<{ readonly hook?: string | undefined }> = z.strictObject({
  hook: z.string('must be the name of a hook').optional(),
})

export const reloadedSchema: z.ZodType<Reloaded> = z
  .object({
    path: text,
    exists: z.boolean(),
    limits: z.object({
      missions: count.nullable(),
      providers: z.record(text, count),
      colonies: z.record(text, count),
    }),
    hooks: z.array(
      z.object({
        name: text,
        change: z.enum(['added', 'changed', 'removed', 'unchanged']),
        dropped: count,
      }),
    ),
  })
  .openapi('Reloaded')

export const problemSchema: z.ZodType<Problem> = z
  .object({
    type: z.literal('about:blank'),
    title: text,
    status: z.int(),
    code: z.custom<Problem['code']>((value) => typeof value === 'string').openapi({ type: 'string' }),
    detail: text,
    field: text.optional(),
  })
  .openapi('Problem')
