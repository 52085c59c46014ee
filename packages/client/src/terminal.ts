/** Terminals of missions, apart from the rest: a command that only asks the daemon does not load what they need. */
export { connectTerminal, listTerminals, type Terminal, type TerminalNews } from './terminal-connection.ts'
export { TerminalNotRunning } from './errors.ts'
