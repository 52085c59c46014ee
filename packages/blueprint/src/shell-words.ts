/** Which commands of bash read a word once more, as arithmetic or as a command, however well it was quoted. */

/** Stands in a word for a value that is not known. */
const VALUE = '\0'

/** Whatever they are given. */
const EVALUATING: ReadonlySet<string> = new Set([
  'alias',
  'compgen',
  'complete',
  'coproc',
  'eval',
  'getopts',
  'let',
  'mapfile',
  'read',
  'readarray',
  'trap',
  'unset',
  'wait',
])

/** From here on any assignment may be one of arithmetic, or to another variable. */
const DECLARING: ReadonlySet<string> = new Set(['declare', 'local', 'typeset'])

/** What may stand before the name of a command. */
const BEFORE: ReadonlySet<string> = new Set(
  '! if then elif else while until do time command builtin exec'.split(' '),
)

const ASSIGNMENT = /^\w+\+?=/

/** What a redirection is of, when it stands directly before it: its number, or the variable that gets it. */
const DESCRIPTOR = /^(?:\d+|\{\w+\})$/

interface Simple {
  words: string[]
  word: string
  /** What comes is the file of a redirection, and no word of the command. */
  isFile: boolean
  /** It stands in `$(…)`, which is a part of a word outside. */
  readonly inWord: boolean
}

/** The command that is being read, word by word. */
export interface ShellWords {
  /** A character that is not quoted, and is no quote. */
  plain(character: string, around: { readonly before: string; readonly next: string }): void
  quoted(character: string): void
  /** A value stands here; whether the command may run what is in it. */
  value(): boolean
  /** A list of commands within the one that is being read. */
  opens(inWord: boolean): void
  closes(): void
  /** Whether from here on nothing is known of any value. */
  isLost(): boolean
}

export function shellWords(): ShellWords {
  const simple = (inWord: boolean): Simple => ({ words: [], word: '', isFile: false, inWord })
  const outer: Simple[] = []
  let now = simple(false)
  let lost = false

  function endWord(): void {
    if (now.word === '') return
    if (now.word === '{') now.words = []
    else if (!now.isFile) now.words.push(now.word)
    now.isFile = false
    now.word = ''
    lost ||= DECLARING.has(commandIn(now.words)[0] ?? '')
  }

  function endCommand(): void {
    endWord()
    now.words = []
    now.isFile = false
  }

  return {
    plain(character, { before, next }) {
      if (character === '<' || character === '>') {
        if (DESCRIPTOR.test(now.word)) now.word = ''
        endWord()
        // `<(…)` is a word, or the file of a redirection before it.
        now.isFile ||= next !== '('
      } else if (/[&|]/.test(character) && (/[<>]/.test(before) || (character === '&' && next === '>')))
        endWord()
      else if (/[\n;&|()]/.test(character)) endCommand()
      else if (/\s/.test(character)) endWord()
      else now.word += character
    },
    quoted(character) {
      now.word += character
    },
    value() {
      const isEvaluated = !now.isFile && evaluates(now.words, now.word)
      now.word += VALUE
      return isEvaluated
    },
    opens(inWord) {
      outer.push(now)
      now = simple(inWord)
    },
    closes() {
      endCommand()
      const { inWord } = now
      now = outer.pop() ?? simple(false)
      if (inWord) now.word += VALUE
      else endCommand()
    },
    isLost: () => lost,
  }
}

/** Without what stands before its name. */
function commandIn(words: readonly string[]): readonly string[] {
  let behind = false
  const begin = words.findIndex((word) => {
    if (BEFORE.has(word)) behind = true
    else if (!ASSIGNMENT.test(word)) return !(behind && word.startsWith('-'))
    return false
  })
  return begin === -1 ? [] : words.slice(begin)
}

/** `word`: how far the one has come in which the value stands. */
function evaluates(words: readonly string[], word: string): boolean {
  const [name = '', ...others] = commandIn(words)
  const last = others.at(-1) ?? ''
  switch (name) {
    case 'printf':
      // The variable of `-v`, or what may be that option itself.
      return others.every((other) => other.startsWith('-')) && (last === '-v' || /^(?:-|\0|$)/.test(word))
    case 'test':
    case '[':
      // The operator may be a value as well.
      return last === '-v' || last === '-R' || (word === '' && last.includes(VALUE))
    case 'export':
    case 'readonly':
      // The variables of `-a`, or what may be that option itself.
      return others.some((other) => /^[-$\0]/.test(other) && other !== '--')
    default:
      return EVALUATING.has(name)
  }
}
