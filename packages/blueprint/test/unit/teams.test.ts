import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Blueprint,
  BlueprintError,
  checkDocument,
  parseBlueprint,
  renderGraph,
} from '../../src/index.ts'
import { type AgentState, decide, type Step } from '../../src/pipeline/decide.ts'
import { fingerprints } from '../../src/pipeline/fingerprint.ts'
import { outlookOf } from '../../src/pipeline/outlook.ts'

const parse = (source: string): Blueprint => parseBlueprint(source, { file: 'crew.toml' })

function problems(source: string): readonly string[] {
  try {
    parse(source)
  } catch (error) {
    if (!(error instanceof BlueprintError)) throw error
    return error.problems.map(
      ({ line, column, message, suggestion }) =>
        `${line}:${column} ${message}${suggestion === undefined ? '' : ` → ${suggestion}`}`,
    )
  }
  return []
}

const CREW = '[teams.crew]\nstrategy = "rest_for_one"\n'
const agent = (name: string, more = ''): string => `[agents.${name}]\ncommand = "x"\n${more}\n`
const member = (name: string, more = ''): string => agent(name, `team = "crew"\n${more}`)

test('members stand together, by what they depend on and then as they are written', () => {
  const { agents } = parse(`
[teams.crew]
strategy = "one_for_one"
max_restarts = 2
max_seconds = "2m"
${member('tests', 'depends_on = ["builder"]\nteam_restart = "permanent"')}
${agent('other')}
${member('builder', 'depends_on = ["planner", "facts"]')}
${member('planner')}
${agent('facts')}
${agent('report', 'depends_on = ["planner", { agent = "tests", when = "ready" }]')}`)
  const crew = { name: 'crew', strategy: 'one_for_one', maxRestarts: 2, maxSeconds: 120 }
  expect(agents.map(({ name, team }) => [name, team])).toEqual([
    ['other', null],
    ['facts', null],
    ['planner', { of: crew, restart: 'transient' }],
    ['builder', { of: crew, restart: 'transient' }],
    ['tests', { of: crew, restart: 'permanent' }],
    ['report', null],
  ])
  expect(agents.map(({ dependsOn }) => dependsOn.map(({ agent: on, when }) => `${on} ${when}`))).toEqual([
    [],
    [],
    [],
    ['planner started', 'facts completed'],
    ['builder started'],
    ['planner completed', 'tests ready'],
  ])
})

test('a team has five restarts in a minute, and may be of one', () => {
  expect(parse(CREW + member('a')).agents[0]?.team).toEqual({
    of: { name: 'crew', strategy: 'rest_for_one', maxRestarts: 5, maxSeconds: 60 },
    restart: 'transient',
  })
})

describe('what is wrong with a team is told where it stands', () => {
  test.each<[string, string, readonly string[]]>([
    [
      'its own fields',
      `[teams.crew]\nstrategi = "x"\nmax_restarts = -1\nmax_seconds = 0\n${member('a')}`,
      [
        '1:1 teams.crew.strategy must be one of one_for_one, one_for_all, rest_for_one',
        '2:1 teams.crew.strategi: no such field → strategy',
        '3:16 teams.crew.max_restarts must be at least 0: got -1',
        '4:15 teams.crew.max_seconds must be more than 0: got 0',
      ],
    ],
    [
      'its name',
      `[teams."no name"]\nstrategy = "one_for_all"\n${agent('a')}`,
      [
        '1:8 teams."no name" must be letters, digits, "_" or "-", beginning with a letter',
        '1:8 teams."no name": nobody is in it: its members say team = "no name"',
      ],
    ],
    ['nobody in it', CREW + agent('a'), ['1:8 teams.crew: nobody is in it: its members say team = "crew"']],
    [
      'a name of an agent',
      CREW + member('crew'),
      ['1:8 teams.crew: an agent is called the same: choose another name'],
    ],
    [
      'a team that there is not',
      `${CREW}${member('a')}${agent('b', 'team = "crow"')}`,
      ['9:8 agents.b.team: there is no team crow → crew'],
    ],
    [
      'a place in no team',
      agent('a', 'team_restart = "permanent"'),
      ['3:1 agents.a.team_restart: it is in no team: name that in team'],
    ],
    [
      'copies',
      CREW + member('a', 'replicas = 2'),
      ['6:1 agents.a.replicas: a team has each member once: leave out one of team and replicas'],
    ],
    [
      'no room',
      `max_parallel = 1\n${CREW}${member('a')}${member('b')}`,
      ['1:16 max_parallel: the 2 members of the team crew run side by side: must be at least 2'],
    ],
    [
      'waiting inside for more than a start',
      CREW +
        member('a') +
        member('b', 'depends_on = [{ agent = "a", when = "completed", on_failure = "stop" }]'),
      [
        '10:37 agents.b.depends_on.0.when: a is in the same team, crew, whose members run side by side: it can be waited for with when = "started" alone',
        '10:50 agents.b.depends_on.0.on_failure: a is in the same team, crew, which decides what follows when it fails: leave it out',
      ],
    ],
    [
      'a result of a member inside',
      CREW + member('a') + `[agents.b]\ncommand = "echo {{ a.result }}"\nteam = "crew"\ndepends_on = ["a"]`,
      [
        '8:17 agents.b.command: {{ a.result }}: a runs beside b in the team crew: it has no result before b starts',
      ],
    ],
    [
      'waiting for the end of one that has none',
      CREW + member('a', 'team_restart = "permanent"') + agent('b', 'depends_on = ["a"]'),
      [
        '9:15 agents.b.depends_on.0: a is permanent in its team and does not end: b can wait for when = "started" or "ready"',
      ],
    ],
    [
      'a circle through it',
      CREW + member('a', 'depends_on = ["x"]') + member('b') + agent('x', 'depends_on = ["b"]'),
      ['6:15 agents.a.depends_on.0: they wait for each other: the team crew → x → the team crew'],
    ],
    [
      'a circle inside',
      CREW + member('a', 'depends_on = ["b"]') + member('b', 'depends_on = ["a"]'),
      ['6:15 agents.a.depends_on.0: they wait for each other: a → b → a'],
    ],
  ])('%s', (_, source, expected) => {
    expect(problems(source)).toEqual(expected)
  })

  test('a name that is too long with that of the pipeline', () => {
    const team = 't'.repeat(40)
    expect(
      problems(
        `name = "${'p'.repeat(30)}"\n[teams.${team}]\nstrategy = "one_for_all"\n${agent('a', `team = "${team}"`)}`,
      ),
    ).toEqual([
      expect.stringContaining(
        `it would be called ${'p'.repeat(30)}.${team}, and a name has at most 63 characters`,
      ),
    ])
  })

  test('twice in two files', () => {
    const read = (): string => CREW
    const source = `include = ["a.toml"]\n${CREW}${member('a')}`
    expect(() => parseBlueprint(source, { file: 'main.toml', read })).toThrow('teams.crew: defined twice')
    expect(
      parseBlueprint(`include = ["a.toml"]\n${member('a')}`, { file: 'main.toml', read }).agents[0]?.team?.of
        .name,
    ).toBe('crew')
  })
})

describe('its drawing', () => {
  const blueprint = parse(
    CREW +
      agent('facts') +
      member('planner') +
      member('builder', 'depends_on = ["planner", "facts"]') +
      agent('report', 'depends_on = ["builder"]'),
  )

  test('as text has all of it on one level', () => {
    expect(renderGraph(blueprint, 'text')).toBe(`crew: 4 agents, 3 levels
1  facts
2  planner (team crew)
   builder (team crew) ← planner (started), facts
3  report ← builder`)
  })

  test('as Mermaid is a box around its members', () => {
    expect(renderGraph(blueprint, 'mermaid')).toBe(`flowchart TD
  a0["facts"]
  subgraph t1["crew, rest_for_one"]
    a1["planner"]
    a2["builder"]
  end
  a3["report"]
  a1 -->|"started"| a2
  a0 --> a2
  a2 --> a3`)
  })
})

describe('the fingerprint of a member', () => {
  const base = {
    teams: { crew: { strategy: 'one_for_one' } },
    agents: {
      first: { command: 'x' },
      a: { command: 'a', team: 'crew', depends_on: ['first'] },
      b: { command: 'b', team: 'crew' },
      after: { command: 'x', depends_on: ['b'] },
      other: { command: 'x' },
    },
  }
  const prints = (document: object): ReadonlyMap<string, string> => fingerprints(checkDocument(document))
  const changed = (document: object): readonly string[] => {
    const before = prints(base)
    return [...prints(document)].filter(([name, print]) => before.get(name) !== print).map(([name]) => name)
  }
  const withAgent = (name: string, more: object): object => ({
    ...base,
    agents: { ...base.agents, [name]: { ...base.agents[name as 'a'], ...more } },
  })

  test.each<[string, object, readonly string[]]>([
    ['nothing', { ...base }, []],
    ['a strategy', { ...base, teams: { crew: { strategy: 'one_for_all' } } }, ['a', 'b', 'after']],
    [
      'a limit',
      { ...base, teams: { crew: { strategy: 'one_for_one', max_restarts: 1 } } },
      ['a', 'b', 'after'],
    ],
    ['another member', withAgent('a', { command: 'c' }), ['a', 'b', 'after']],
    ['when one starts again', withAgent('a', { team_restart: 'temporary' }), ['a', 'b', 'after']],
    ['what one waits for', withAgent('first', { command: 'c' }), ['first', 'a', 'b', 'after']],
    ['an agent outside', withAgent('other', { command: 'c' }), ['other']],
  ])('changes with %s as it should', (_, document, expected) => {
    expect([...changed(document)].toSorted()).toEqual([...expected].toSorted())
  })
})

const LIVE: AgentState = { kind: 'live', up: true, ready: true }
const ended = (ok: boolean): AgentState => ({ kind: 'ended', ok, up: true, ready: true })
const started = ({ start }: Step): readonly string[] =>
  start.flatMap(({ agents }) => agents.map(({ name }) => name))

describe('a team that waits', () => {
  const blueprint = checkDocument({
    teams: { crew: { strategy: 'one_for_all' } },
    agents: {
      x: { command: 'x' },
      y: { command: 'x' },
      a: { command: 'x', team: 'crew', depends_on: ['x'] },
      b: { command: 'x', team: 'crew', depends_on: [{ agent: 'y', when: 'failed' }] },
      after: { command: 'x', depends_on: [{ agent: 'a', when: 'started' }] },
    },
  })
  const after = (x: AgentState, y: AgentState): Step =>
    decide(
      blueprint,
      new Map([
        ['x', x],
        ['y', y],
      ]),
    )

  test('starts as a whole once all of it can', () => {
    expect(started(after(ended(true), LIVE))).toEqual([])
    expect(started(after(ended(true), ended(false)))).toEqual(['a', 'b'])
    expect(
      outlookOf(
        blueprint,
        new Map([
          ['x', LIVE],
          ['y', LIVE],
        ]),
      ),
    ).toEqual([
      'At work: x and y.',
      'The team crew waits for x to complete and y to fail.',
      'after waits for a to start.',
    ])
  })

  test('is skipped as a whole when one of it cannot', () => {
    expect(after(ended(false), LIVE).skip).toMatchObject([
      { agent: 'a', because: 'x failed', fine: false },
      { agent: 'b', because: 'x failed', fine: false },
    ])
  })
})

/** Agents in a row of units, some of them teams. */
const plans = fc
  .array(
    fc.record({ size: fc.integer({ min: 1, max: 3 }), isTeam: fc.boolean(), edge: fc.option(fc.nat()) }),
    {
      minLength: 1,
      maxLength: 6,
    },
  )
  .map((units) => {
    const names = units.map(({ size, isTeam }, at) =>
      Array.from({ length: isTeam ? size : 1 }, (_, n) => `a${at}-${n}`),
    )
    const teams = units.flatMap(({ isTeam }, at) =>
      isTeam ? [[`t${at}`, { strategy: 'one_for_all' }] as const] : [],
    )
    const agents = units.flatMap(({ isTeam, edge }, at) =>
      (names[at] ?? []).map((name, n) => {
        const on = edge === null || at === 0 || n > 0 ? undefined : names[edge % at]?.at(-1)
        return [
          name,
          {
            command: 'x',
            ...(isTeam ? { team: `t${at}` } : {}),
            ...(on === undefined ? {} : { depends_on: [on] }),
          },
        ] as const
      }),
    )
    return checkDocument({ teams: Object.fromEntries(teams), agents: Object.fromEntries(agents) })
  })

test('with a limit no more run at a time, teams with all their members, and all get their turn', () => {
  fc.assert(
    fc.property(
      plans,
      fc.integer({ min: 3, max: 5 }),
      fc.infiniteStream(fc.nat()),
      ({ agents }, maxParallel, choices) => {
        const states = new Map<string, AgentState>()
        const teamOf = new Map(agents.map(({ name, team }) => [name, team?.of.name ?? name]))
        for (let turn = 0; turn < 200; turn += 1) {
          const step = decide({ agents, maxParallel }, states)
          for (const name of started(step)) {
            expect(states.has(name)).toBe(false)
            states.set(name, LIVE)
          }
          const live = [...states].flatMap(([name, { kind }]) => (kind === 'live' ? [name] : []))
          const atWork = new Set(live.map((name) => teamOf.get(name)))
          // A team may start any of its members again: their places are kept.
          const taken = agents.filter(({ name }) => atWork.has(teamOf.get(name)))
          expect(taken.every(({ name }) => states.has(name))).toBe(true)
          expect(taken.length).toBeLessThanOrEqual(maxParallel)
          if (step.over !== null) {
            expect(states.size).toBe(agents.length)
            return
          }
          const next = live[(choices.next().value ?? 0) % live.length]
          if (next === undefined) throw new Error('nothing is at work, and it is not over')
          states.set(next, ended(true))
        }
        throw new Error('it does not end')
      },
    ),
    { numRuns: 300 },
  )
})
