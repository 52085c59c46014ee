import type { Provider } from './provider.ts'

/** Any command: nothing is known of its output but that it is output. */
export const rawProvider: Provider = {
  name: 'raw',
  invoke: ({ command, terminal }) => ({
    argv: command.kind === 'shell' ? ['/bin/sh', '-c', command.line] : command.argv,
    streams: terminal === null ? 'merged' : 'terminal',
  }),
}
