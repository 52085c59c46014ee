import { report } from '../failures.ts'

/**
 * Asks for all missions at once and prints the answers in the order given. A failure is said on stderr and
 * does not keep the others from being done. Resolves to 1 when there was one, otherwise to 0.
 */
export async function forEach<T>(
  refs: readonly string[],
  ask: (ref: string) => Promise<T>,
  done: (answer: T, index: number) => void,
): Promise<0 | 1> {
  const answers = refs.map(ask)
  for (const answer of answers) answer.catch(() => {}) // reported below, in its turn
  let code: 0 | 1 = 0
  for (const [index, answer] of answers.entries()) {
    try {
      done(await answer, index)
    } catch (error) {
      report(error)
      code = 1
    }
  }
  return code
}
