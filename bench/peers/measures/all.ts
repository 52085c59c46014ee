import type { Measure } from '../results.ts'
import { MEGABYTES } from './output.ts'
import { REST_MS } from './rest.ts'

/** In the order of the tables. */
export const MEASURES = {
  starts: {
    title: 'start rate',
    definition:
      'jobs that note that they are up and sleep, all asked for at once: their number ÷ the time from asking to the last note',
    unit: '/s',
    better: 'more',
    grows: true,
  },
  list: {
    title: 'list',
    definition: 'the command by which people see what there is, from its start to its end, median',
    unit: 'ms',
    better: 'less',
    grows: true,
  },
  respawn: {
    title: 'crash to respawn',
    definition:
      'from `kill -9` of a job that has been up for more than two seconds, so that no delay for what ends at once applies, to the moment that its successor notes, with the least delay that can be set, median of ten',
    unit: 'ms',
    better: 'less',
    grows: true,
  },
  memory: {
    title: 'memory',
    definition:
      'all processes of the manager and all that it adds to jobs, without the jobs themselves, shared pages divided among who shares them',
    unit: 'MB',
    better: 'less',
    grows: true,
  },
  each: {
    title: 'memory per job',
    definition: 'what that is more than before the first job, ÷ the number of jobs',
    unit: 'KB',
    better: 'less',
    grows: true,
    least: 100,
  },
  rest: {
    title: 'processor at rest',
    definition: `processor time of the same processes over ${REST_MS / 1000} s in which nothing happens, in percent of a core`,
    unit: '%',
    better: 'less',
    grows: true,
  },
  recovery: {
    title: 'recovery',
    definition:
      'from starting the manager again after `kill -9` to a list that shows all jobs that have not ended as running',
    unit: 's',
    better: 'less',
    grows: true,
  },
  idle: {
    title: 'command start-up',
    definition: 'the command when it has nothing to do but to say its version or its usage, median of ten',
    unit: 'ms',
    better: 'less',
    grows: false,
  },
  output: {
    title: 'output',
    definition: `a job that writes ${MEGABYTES} MB in lines of 100 bytes, from its first byte to its last in the manager's file, median of three; of what takes longer than half a minute, of fewer`,
    unit: 'MB/s',
    better: 'more',
    grows: false,
  },
} as const satisfies Readonly<Record<string, Measure>>

export type MeasureName = keyof typeof MEASURES
