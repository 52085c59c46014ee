/** To be imported before a program, which SIGUSR2 then brings down by a mistake that nobody catches. */
process.on('SIGUSR2', () => {
  throw new Error('nobody catches this')
})
