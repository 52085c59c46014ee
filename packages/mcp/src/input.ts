import * as z from 'zod'

/** So long a call may take: programs of agents give up on tools that do not answer. */
const MOST_SECONDS = 300
/** Below the minute after which many of them do. */
const USUAL_SECONDS = 45

export const missionInput: z.ZodString = z
  .string()
  .min(1)
  .describe('Its id, its name, or the unique beginning of its id')

export const timeoutInput: z.ZodDefault<z.ZodNumber> = z
  .number()
  .min(0)
  .max(MOST_SECONDS)
  .default(USUAL_SECONDS)
  .describe(`How long to wait, at most ${MOST_SECONDS} seconds. What is not over then goes on; ask again`)
