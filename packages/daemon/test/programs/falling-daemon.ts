/** A daemon that SIGUSR2 brings down by a mistake that nobody catches. */
process.on('SIGUSR2', () => {
  throw new Error('nobody catches this')
})
await import('../../src/main.ts')
export {}
