/** A small world in which everything is right, as it is seen from outside; tests tell one lie about it each. */
import type { EventView, MissionView, QueueView } from '@overmind/client'
import { type Entry, newEntry, type Program } from '../ledger.ts'
import type { Sight } from '../oracle/sight.ts'
import type { Seen } from '../processes.ts'
import { AT, event, ID, mission, seen } from './parts.ts'

type Writable<T> = { -readonly [K in keyof T]: T[K] }
type Lines = Map<string, string[]>

/** A sight whose parts may be changed. */
export interface LiedAbout extends Sight {
  readonly ledger: { readonly [K in keyof Sight['ledger']]: Sight['ledger'][K][number][] }
  readonly missions: Writable<MissionView>[]
  readonly journal: EventView[]
  readonly processes: Writable<Seen>[]
  readonly queue: {
    readonly limits: QueueView['limits'][number][]
    readonly waiting: QueueView['waiting'][number][]
  }
  readonly faults: string[]
  readonly followed: { readonly told: Set<number>; readonly twice: number[] }
  /** By name, each noted later than the one before. */
  readonly notes: Lines
  /** By mission and run, as `5e551013.1`. */
  readonly outputs: Lines
  readonly recordings: Lines
  readonly conversations: Lines
}

export function aRightWorld(): LiedAbout {
  const exited = {
    status: 'stopped',
    exited_at: '2026-11-23T12:00:05.000Z',
    exit_code: 0,
    exit_class: 'completed',
    os_pid: null,
  } as const
  const notes: Lines = new Map([
    [`${ID.counter}.1.begun`, ['100']],
    [`${ID.counter}.1.lines`, ['1', '2', '3']],
    [`${ID.counter}.1.exit`, ['3']],
    [`${ID.counter}.2.begun`, ['101']],
    [`${ID.counter}.2.lines`, ['1', '2', '3']],
    [`${ID.counter}.2.exit`, ['3']],
    [
      `${ID.hearer}.heard`,
      [
        'one',
        `Mission counter (${ID.counter}), which belongs to you, has exited: crashed. failed with exit code 3.`,
        'two',
      ],
    ],
    [`${ID.terminal}.1.begun`, ['104']],
    [`${ID.terminal}.1.typed`, ['a', 'b', 'c']],
    [`${ID.child}.1.begun`, ['105']],
    [`${ID.first}.1.begun`, ['107']],
    [`${ID.first}.1.exit`, ['0']],
    [`${ID.second}.1.begun`, ['108']],
    [`${ID.second}.1.exit`, ['0']],
    [`${ID.copy}.1.serves`, ['2']],
    [
      'ritual.times',
      [
        'begun ritual.20261123-120002',
        'ended ritual.20261123-120002',
        'begun ritual.20261123-120004',
        'ended ritual.20261123-120004',
      ],
    ],
    ['told', ['6']],
  ])
  const outputs: Lines = new Map([
    [`${ID.counter}.1`, ['line 1', 'line 2', 'line 3']],
    [`${ID.counter}.2`, ['line 1', 'line 2', 'line 3']],
    [`${ID.terminal}.1`, ['heard a', 'heard b', 'heard c']],
  ])
  const recordings: Lines = new Map([[`${ID.terminal}.1`, ['heard a', 'heard b', 'heard c']]])
  const conversations: Lines = new Map([['a-conversation', ['one', 'two']]])
  const journal = [
    event(1, 'run.starting', { run: 1 }),
    event(2, 'run.exited', { run: 1 }),
    event(3, 'run.starting', { run: 2 }),
    event(4, 'run.exited', { run: 2 }),
    event(6, 'mission.exited', { run: 2 }),
    event(7, 'message.queued', { mission: ID.hearer, message: 'm1' }),
    event(8, 'message.handed', { mission: ID.hearer, message: 'm1' }),
    event(9, 'message.answered', { mission: ID.hearer, message: 'm1' }),
  ]
  const counter: Program = { kind: 'counts', plan: { lines: 3, pauseSeconds: 0, code: 3, manner: 'plain' } }
  const said = ['one', 'two'].map((text, index) => ({
    text,
    sure: true,
    asked: index,
    answered: index + 0.5,
  }))
  return {
    at: AT,
    ledger: {
      entries: [
        entry('counter', ID.counter, counter, { runs: 2, tells: ID.hearer, follows: [['line 1']] }),
        entry('hearer', ID.hearer, { kind: 'hears' }, { sent: said }),
        entry('agent', ID.agent, { kind: 'converses' }, { sent: said }),
        entry(
          'terminal',
          ID.terminal,
          { kind: 'reads-typing' },
          {
            typed: ['a', 'b', 'c'].map((text) => ({ text, typist: 'ada', fate: 'shown' })),
            glimpses: [{ run: 1, lines: ['heard b', 'heard c'] }],
          },
        ),
        entry('child', ID.child, counter, { boundTo: ID.hearer }),
      ],
      pipelines: [
        {
          name: 'line',
          sure: true,
          needs: new Map([
            ['first', []],
            ['second', ['first']],
          ]),
          team: new Set(),
          disturbed: false,
          removed: false,
        },
      ],
      fleets: [{ name: 'fleet', version: 2, copies: 1, settled: true, gone: false }],
      rituals: [
        {
          name: 'ritual',
          everySeconds: 2,
          overlap: 'allow',
          id: ID.ritual,
          spans: [{ from: AT - 9000, to: AT - 5000 }],
          killed: false,
          removed: false,
        },
      ],
    },
    missions: [
      mission('counter', ID.counter, {
        ...exited,
        run: 2,
        exit_code: 3,
        exit_class: 'crashed',
        status: 'crashed',
      }),
      mission('hearer', ID.hearer),
      mission('agent', ID.agent, { session_id: 'a-conversation' }),
      mission('terminal', ID.terminal),
      mission('child', ID.child, { parent: ID.hearer }),
      mission('line', ID.pipeline, exited),
      mission('line.first', ID.first, exited),
      mission('line.second', ID.second, exited),
      mission('fleet', ID.fleet, { os_pid: null }),
      mission('fleet.copy-1', ID.copy, { labels: { 'overmind/pipeline': 'fleet' } }),
      mission('ritual', ID.ritual, { os_pid: null }),
      mission('ritual.20261123-120002', ID.tick, { ...exited, ...met('2026-11-23T12:00:02.000Z') }),
      mission('ritual.20261123-120004', ID.tock, { ...exited, ...met('2026-11-23T12:00:04.000Z') }),
    ],
    journal,
    queue: { limits: [{ scope: 'missions', most: 5, taken: 5 }], waiting: [] },
    processes: [ID.hearer, ID.agent, ID.terminal, ID.child, ID.copy].map(seen),
    faults: [],
    followed: { told: new Set(journal.map(({ seq }) => seq)), twice: [] },
    notes,
    outputs,
    recordings,
    conversations,
    records: {
      note: (name) => notes.get(name) ?? null,
      notedAt: (name) => (notes.has(name) ? BigInt([...notes.keys()].indexOf(name)) : null),
      output: (id, run) => outputs.get(`${id}.${run}`) ?? [],
      recording: (id, run) => recordings.get(`${id}.${run}`) ?? [],
      conversation: (id) => conversations.get(id) ?? [],
    },
  }
}

function met(due: string): Partial<MissionView> {
  return { parent: ID.ritual, labels: { 'overmind/ritual': ID.ritual, 'overmind/due': due } }
}

function entry(
  name: string,
  id: string,
  program: Program,
  {
    runs = null,
    boundTo = null,
    tells = null,
    follows = [],
    sent = [],
    typed = [],
    glimpses = [],
  }: Partial<Entry> = {},
): Entry {
  return { ...newEntry(name, program, { runs, boundTo, tells }), id, follows, sent, typed, glimpses }
}
