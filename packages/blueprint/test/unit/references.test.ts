import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fillIn, references } from '../../src/index.ts'
import { piecesOf, withBraces } from '../../src/references.ts'
import { misplaced } from '../../src/shell-places.ts'

describe('references', () => {
  test.each([
    ['no braces', []],
    [
      '{{ a.result }} and {{b.file}}',
      [
        ['a', 'result'],
        ['b', 'file'],
      ],
    ],
    ['{{\n a-b_1.result\n}}', [['a-b_1', 'result']]],
    ['{{ a.results }} {{ vars.result }} {{ a }} {{ a.b.result }} {{', []],
    ['{{ "{{" }} a.result }}', []],
    [`${'{{ '.repeat(200_000)}{{ a.result }}`, [['a', 'result']]],
    [`{{${'{ '.repeat(200_000)}`, []],
    ['${{ a.result }}}}', [['a', 'result']]],
  ])('in %j', (text, found) => {
    expect(references(text).map(({ agent, part }) => [agent, part])).toEqual(found)
  })

  test('all pieces of a text are the text', () => {
    const parts = fc.constantFrom('{{', '}}', ' a.result ', '{', '"{{"', ' x', '"', '.', 'vars.a', '\n')
    fc.assert(
      fc.property(fc.array(parts), (given) => {
        const text = given.join('')
        const pieces = piecesOf(text)
        const plain = pieces.map((piece) =>
          piece.kind === 'text' ? piece.text : 'written' in piece ? piece.written : null,
        )
        if (!plain.includes(null)) expect(plain.join('')).toBe(text)
        expect(fillIn(withBraces(text), () => 'never', 'none')).toBe(text)
      }),
    )
  })

  test('what is filled in is not read again', () => {
    expect(fillIn('{{ a.result }} {{ b.result }}', () => '{{ c.file }}', 'none')).toBe(
      '{{ c.file }} {{ c.file }}',
    )
  })
})

/** What `sh` can be told: any characters but NUL, and none that are halves of others. */
const texts = fc
  .string({ unit: 'binary', maxLength: 60 })
  .filter((text) => !text.includes('\0') && text.isWellFormed())

describe('in a shell line', () => {
  test('a value is one word, whatever it holds', () => {
    fc.assert(
      fc.property(texts, texts, (one, other) => {
        const line = fillIn(
          `printf '%s|' {{ a.result }}{{ b.file }} {{ b.file }}`,
          ({ agent }) => (agent === 'a' ? one : other),
          'shell',
        )
        expect(execFileSync('/bin/sh', ['-c', line], { encoding: 'utf8' })).toBe(`${one}${other}|${other}|`)
      }),
      {
        numRuns: 200,
        examples: [
          ["it's", '$(x) `x` \\ "'],
          ['\n', "'''"],
          ['', '-n'],
        ],
      },
    )
  })

  test.each([
    ['echo {{ a.result }}', [null]],
    ['echo pre{{ a.result }}post > {{ a.file }}', [null, null]],
    ['echo "{{ a.result }}"', ['quoted']],
    ["echo '{{ a.result }}'", ['quoted']],
    [`echo "it's" {{ a.result }} 'say "x"' {{ a.result }}`, [null, null]],
    [String.raw`echo "\"" {{ a.result }} \" {{ a.result }}`, [null, null]],
    [String.raw`echo \{{ a.result }}`, ['escaped']],
    ['echo x # {{ a.result }}\necho {{ a.result }}', ['comment', null]],
    ["echo x # don't\necho a#b {{ a.result }} $# {{ a.result }}", [null, null]],
    ['set -e # stop at the first error\neval {{ a.result }}', ['evaluated']],
    ['read line <input # the first line\necho {{ a.result }}', [null]],
    ['echo "$(date)" {{ a.result }} "$(cat {{ a.file }})"', [null, null]],
    ['echo "$(echo "{{ a.result }}")"', ['quoted']],
    ['echo "$$(" {{ a.result }}', [null]],
    ['echo `cat {{ a.file }}`', ['unclear']],
    ['cat <<EOF\n{{ a.result }}\nEOF', ['unclear']],
    ['echo $(({{ a.result }} + 1))', ['evaluated']],
    ['if [[ {{ a.result }} -gt 3 ]]; then echo; fi; echo {{ a.result }}', ['evaluated', 'evaluated']],
    ['[\\\n[ {{ a.result }} -gt 3 ]]', ['evaluated']],
    ['echo $[ {{ a.result }} ] "$[ 1 ] $(echo {{ a.result }})"', ['evaluated', 'evaluated']],
    ['(( {{ a.result }} > 3 )) && for ((i={{ a.result }};;)); do :; done', ['evaluated', 'evaluated']],
    ['x[{{ a.result }}]=1', ['evaluated']],
    ['x=( [{{ a.result }}]=1 )', ['evaluated']],
    ['let {{ a.result }}; echo {{ a.result }}', ['evaluated', null]],
    [
      'if x=1 command -p "let" x={{ a.result }}; then eval >&2 2>x echo {{ a.result }}; fi',
      ['evaluated', 'evaluated'],
    ],
    ['f() { read -r x{{ a.result }} <x; }; (unset {{ a.result }})', ['evaluated', 'evaluated']],
    ['case x in (x) let {{ a.result }};; y) trap {{ a.result }} EXIT;; esac', ['evaluated', 'evaluated']],
    ['echo $(let {{ a.result }}) {{ a.result }}', ['evaluated', null]],
    ['declare -i x; x={{ a.result }}', ['evaluated']],
    [
      'printf {{ a.result }} x; printf -v {{ a.result }} x; printf -v x{{ a.result }} x',
      ['evaluated', 'evaluated', 'evaluated'],
    ],
    ["printf %s {{ a.result }}; printf '%s: %s\n' x {{ a.result }}", [null, null]],
    ['test -v {{ a.result }} || [ {{ a.result }} {{ b.result }} ]', ['evaluated', null, 'evaluated']],
    ['[ {{ a.result }} -gt 3 ] && [ -n {{ a.result }} -o x = {{ a.result }} ]', [null, null, null]],
    [
      'export X={{ a.result }}; x={{ a.result }} ./read {{ a.result }} > {{ a.file }}',
      [null, null, null, null],
    ],
    ['readonly -a {{ a.result }}; export {{ a.result }} {{ b.result }}', ['evaluated', null, 'evaluated']],
    ['export -- {{ a.result }}; readonly x={{ a.result }}', [null, null]],
    ['{fd}>/dev/null eval {{ a.result }}; {x {{ a.result }}', ['evaluated', null]],
    ['eval <(true) {{ a.result }}; < <(true) eval {{ a.result }}', ['evaluated', 'evaluated']],
    ['diff <(echo {{ a.result }}) {{ a.file }} > >(cat) {{ b.result }}', [null, null, null]],
    ['ls *[ab] [x]* {{ a.result }}; echo let {{ a.result }}', [null, null]],
    ["echo $'{{ a.result }}'", ['unclear']],
    ['echo ${{ a.result }}', ['unclear']],
    ['echo ${x:-{{ a.result }}}', ['unclear']],
    ['echo "${x:-"{{ a.result }}"}"', ['unclear']],
    ['echo ${x} {{ a.result }}', [null]],
    ['case x in x) echo {{ a.result }};; esac', [null]],
    ['echo "$(case x in x) echo "{{ a.result }}";; esac)"', ['unclear']],
    ['(cd x && echo {{ a.result }}) | cat {{ a.file }}', [null, null]],
    ['echo \\\n  {{ a.result }}', [null]],
    ['echo {{ a.result }} >&2; echo 2>&1 {{ a.result }} 3>&- <&0 {{ a.result }}', [null, null, null]],
    ['echo "a >& b" {{ a.result }}', [null]],
    ['echo >&{{ a.result }}', ['redirected']],
    ['echo >& {{ a.result }}', ['redirected']],
    ['echo >\\\n& x{{ a.result }}', ['redirected']],
    ['echo <&1{{ a.result }}', ['redirected']],
  ])('%s', (line, found) => {
    expect(misplaced(piecesOf(line))).toEqual(found)
  })

  test('nothing that passes lets a value become a command', () => {
    const folder = mkdtempSync(join(tmpdir(), 'blueprint-'))
    const sign = join(folder, 'sign')
    const evil = [
      `$(>${sign})`,
      `\`>${sign}\``,
      `\n>${sign}\n`,
      `;>${sign};`,
      `')>${sign}#`,
      `")>${sign}#`,
      `$(>${sign})`,
    ].join(' ')
    const subscript = `x[$(>${sign})]`
    const list = `z=($(>${sign}))`
    const reference = '{{ a.result }}'
    const work = join(folder, 'work')
    mkdirSync(work)
    const parts = fc.oneof(
      fc.constant(reference),
      fc.constantFrom(...Array.from('"\'\\$(){}`# \n;|&<>')),
      fc.constantFrom('echo ', 'x', '$(', '${', '${x:-', '$((', '))', '"$(echo "', ')"', '\\\n', ' # x\n'),
      fc.constantFrom('<(', '>(', ' < <(x)', '{fd}>x ', '2>x ', 'z='),
      fc.constantFrom('<<EOF\n', '\nEOF\n', 'case x in x) ', ' ;; esac'),
      fc.constantFrom(
        '[',
        '[ ',
        ' ]',
        ']',
        '=',
        '-v ',
        'let ',
        'test ',
        'read ',
        'printf ',
        'declare -i x; ',
        'eval ',
        'exec ',
        'export ',
        'readonly -a ',
        'time -p ',
        '{ ',
        '; }',
        ' -gt 1',
      ),
    )
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 14 }), (given) => {
        const line = given.join('')
        const pieces = piecesOf(line)
        fc.pre(line.includes(reference) && misplaced(pieces).every((reason) => reason === null))
        rmSync(sign, { force: true })
        for (const [value, shell] of [evil, subscript, `-v${subscript}`, list].flatMap((one) =>
          SHELLS.map((each) => [one, each] as const),
        )) {
          const filled = fillIn(line, () => value, 'shell')
          try {
            execFileSync(shell, ['-c', filled], {
              stdio: 'ignore',
              cwd: work,
              timeout: 5000,
              env: { PATH: '/nowhere' },
            })
          } catch {
            // Most of these are no shell at all.
          }
          expect(existsSync(sign) ? filled : '').toBe('')
        }
      }),
      {
        numRuns: 300,
        examples: [
          [['>', '&', reference]],
          [['<', '&', ' ', 'x', reference]],
          [['[[ ', reference, ' -gt 1 ]]']],
          [['$[', reference, ']']],
        ],
      },
    )
    rmSync(folder, { recursive: true })
  })
})

const SHELLS = ['/bin/sh', '/bin/bash']
