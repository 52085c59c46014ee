import type { Commands } from '../command-line/command.ts'

/** Every command, in the order of the help. */
export const commands: Commands = {
  run: {
    summary: 'Start a mission',
    load: async () => (await import('./run.ts')).run,
  },
  ps: {
    summary: 'List the missions',
    load: async () => (await import('./ps.ts')).ps,
  },
  logs: {
    summary: 'Print what missions have written',
    load: async () => (await import('./logs.ts')).logs,
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
  prune: {
    summary: 'Forget old missions and their output',
    load: async () => (await import('./prune.ts')).prune,
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
