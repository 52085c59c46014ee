/**
 * What Node is started with to run the daemon. It lives for weeks and is mostly at rest, so memory matters more
 * than the last few percent of speed: by default a burst of starts leaves a heap of garbage behind that nothing collects.
 */
export const NODE_FLAGS: readonly string[] = ['--max-semi-space-size=2', '--heap-growing-percent=30']
