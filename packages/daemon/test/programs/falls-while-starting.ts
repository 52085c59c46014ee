/** To be imported before the daemon, which then falls by a mistake that nobody catches as soon as it holds its home. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const { OVERMIND_HOME: home = '' } = process.env

function look(): void {
  if (existsSync(join(home, 'daemon.log.txt'))) throw new Error('nobody catches this either')
  setImmediate(look)
}
look()
