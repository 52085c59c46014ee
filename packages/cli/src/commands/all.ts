import type { Commands } from '../command-line/command.ts'

/** Every command, in the order of the help. */
export const commands: Commands = {
  run: {
    summary: 'Start a mission',
    load: async () => (await import('./run.ts')).run,
  },
  claude: {
    summary: 'Start Claude Code on a prompt, or as a session',
    load: async () => (await import('./claude.ts')).claude,
  },
  ps: {
    summary: 'List the missions',
    load: async () => (await import('./ps.ts')).ps,
  },
  logs: {
    summary: 'Print what missions have written',
    load: async () => (await import('./logs.ts')).logs,
  },
  send: {
    summary: 'Say something to a session',
    load: async () => (await import('./send.ts')).send,
  },
  subscribe: {
    summary: 'Stream what a mission says, as JSON',
    load: async () => (await import('./subscribe.ts')).subscribe,
  },
  result: {
    summary: 'Print the last answer of an agent as JSON',
    load: async () => (await import('./result.ts')).result,
  },
  runs: {
    summary: 'Show the runs of a mission, and why each ended',
    load: async () => (await import('./runs.ts')).runs,
  },
  queue: {
    summary: 'List who waits to start, and for what',
    load: async () => (await import('./queue.ts')).queue,
  },
  inbox: {
    summary: 'List what agents ask of you',
    load: async () => (await import('./inbox.ts')).inbox,
  },
  approve: {
    summary: 'Allow what an agent asks for',
    load: async () => (await import('./approve.ts')).approve,
  },
  deny: {
    summary: 'Refuse what an agent asks for',
    load: async () => (await import('./deny.ts')).deny,
  },
  interrupt: {
    summary: 'Let an agent drop what it works on',
    load: async () => (await import('./interrupt.ts')).interrupt,
  },
  attach: {
    summary: 'Sit down at the terminal of a mission',
    load: async () => (await import('./attach.ts')).attach,
  },
  detach: {
    summary: 'Disconnect all who are attached to missions',
    load: async () => (await import('./detach.ts')).detach,
  },
  info: {
    summary: 'Print all that is known of a mission as JSON',
    load: async () => (await import('./info.ts')).info,
  },
  describe: {
    summary: 'Explain the state of a mission',
    load: async () => (await import('./describe.ts')).describe,
  },
  events: {
    summary: 'Print what has happened, from the journal',
    load: async () => (await import('./events.ts')).events,
  },
  wait: {
    summary: 'Wait until missions have exited',
    load: async () => (await import('./wait.ts')).wait,
  },
  stop: {
    summary: 'Ask missions to end, and kill those that do not',
    load: async () => (await import('./stop.ts')).stop,
  },
  kill: {
    summary: 'End missions at once, with all their processes',
    load: async () => (await import('./kill.ts')).kill,
  },
  restart: {
    summary: 'Begin a new run of missions now',
    load: async () => (await import('./restart.ts')).restart,
  },
  rm: {
    summary: 'Forget exited missions and their output',
    load: async () => (await import('./rm.ts')).rm,
  },
  ritual: {
    summary: 'Start missions by the clock',
    load: async () => (await import('./ritual.ts')).ritual,
  },
  apply: {
    summary: 'Bring about what a blueprint declares',
    load: async () => (await import('./apply.ts')).apply,
  },
  diff: {
    summary: 'Show what applying a blueprint would change',
    load: async () => (await import('./diff.ts')).diff,
  },
  scale: {
    summary: 'Change how many copies of an agent there are',
    load: async () => (await import('./scale.ts')).scale,
  },
  down: {
    summary: 'End a pipeline with all its agents, and forget them',
    load: async () => (await import('./down.ts')).down,
  },
  validate: {
    summary: 'Say what is wrong with a blueprint',
    load: async () => (await import('./validate.ts')).validate,
  },
  agents: {
    summary: 'List the agents of a blueprint',
    load: async () => (await import('./agents.ts')).agents,
  },
  graph: {
    summary: 'Draw who waits for whom in a blueprint',
    load: async () => (await import('./graph.ts')).graph,
  },
  prune: {
    summary: 'Forget old missions and their output',
    load: async () => (await import('./prune.ts')).prune,
  },
  mcp: {
    summary: 'Let an agent run missions of its own, over MCP',
    load: async () => (await import('./mcp.ts')).mcp,
  },
  start: {
    summary: 'Start the daemon',
    load: async () => (await import('./start.ts')).start,
  },
  shutdown: {
    summary: 'Stop the daemon',
    load: async () => (await import('./shutdown.ts')).shutdown,
  },
  status: {
    summary: 'Show how the daemon is',
    load: async () => (await import('./status.ts')).status,
  },
  reload: {
    summary: 'Read the settings of the daemon again',
    load: async () => (await import('./reload.ts')).reload,
  },
  hooks: {
    summary: 'Show who is told of events, and what did not arrive',
    load: async () => (await import('./hooks.ts')).hooks,
  },
  top: {
    summary: 'Show what missions use and spend, kept up to date',
    load: async () => (await import('./top.ts')).top,
  },
  monitor: {
    summary: 'Show status and missions, kept up to date',
    load: async () => (await import('./monitor.ts')).monitor,
  },
  doctor: {
    summary: 'Find out what is wrong with this installation',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  completion: {
    summary: 'Print a script that completes commands, flags and missions',
    load: async () => (await import('./completion.ts')).completion(commands),
  },
}
