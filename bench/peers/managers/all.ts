import type { Manager } from '../manager.ts'
import { nodeLoop } from './node-loop.ts'
import { overmind, overmindApply } from './overmind.ts'
import { pm2 } from './pm2.ts'
import { runit } from './runit.ts'
import { s6 } from './s6.ts'
import { supervisord } from './supervisord.ts'
import { tmux } from './tmux.ts'

/** In the order of the tables. */
export const MANAGERS: readonly Manager[] = [
  overmind,
  overmindApply,
  pm2,
  supervisord,
  runit,
  s6,
  tmux,
  nodeLoop,
]
