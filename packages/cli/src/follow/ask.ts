import { printError } from '../terminal/print.ts'

export type Answer = 'detach' | 'stop' | 'go on' | 'interrupted'

const CTRL_C = '\x03'

const KEYS: Readonly<Record<string, Answer>> = { d: 'detach', s: 'stop', c: 'go on', [CTRL_C]: 'interrupted' }

/** Asks the person at the keyboard, with one key and no Enter. */
export function askDetach(): Promise<Answer> {
  printError('\nDetach (d), stop the mission (s) or go on (c)? ')
  const { stdin } = process
  stdin.setRawMode(true)
  stdin.setEncoding('utf8')
  stdin.resume()
  return new Promise((resolve) => {
    const onKey = (key: string): void => {
      const answer = KEYS[key.toLowerCase()]
      if (answer === undefined) return
      stdin.off('data', onKey)
      stdin.setRawMode(false)
      stdin.pause()
      printError(answer === 'interrupted' ? '\n' : `${answer}\n`)
      resolve(answer)
    }
    stdin.on('data', onKey)
  })
}
