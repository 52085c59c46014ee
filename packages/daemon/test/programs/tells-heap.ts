/** Preloaded into a daemon with --expose-gc: at each SIGUSR2 it says on stderr how much memory is in use. */
process.on('SIGUSR2', () => {
  globalThis.gc?.()
  globalThis.gc?.()
  process.stderr.write(`heap ${process.memoryUsage().heapUsed}\n`)
})
