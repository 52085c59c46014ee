/**
 * Everything that must hold before a commit, in order: `npm run check` here, `.ci/run` on a clean machine.
 * One line per step, the output only of those that fail, and at the end what failed and the sum: a step counts as one test,
 * a step that runs tests as that many.
 */
import { spawn } from 'node:child_process'
import { closeSync, globSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

interface Step {
  name: string
  /** A command line for `sh`; programs of npm are on its PATH. */
  run: string
  /** Where vitest writes what it counted. */
  report?: string
}

interface Sum {
  passed: number
  /** What failed, by name. */
  failures: readonly string[]
}

/** What vitest writes, as far as it is read here. */
interface Report {
  readonly numPassedTests: number
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[]
  }[]
}

const root = new URL('..', import.meta.url).pathname
const folder = mkdtempSync(join(tmpdir(), 'overmind-check-'))
const deadline = Date.now() + 15 * 60_000
const env = { ...process.env, CI: 'true', PATH: `${root}node_modules/.bin:${process.env['PATH']}` }

const steps: Step[] = [
  { name: 'format', run: 'npm run --silent format:check' },
  { name: 'lint', run: 'npm run --silent lint' },
  { name: 'layers', run: 'node scripts/layers.ts' },
  { name: 'build', run: 'npm run --silent build' },
  { name: 'types', run: 'tsc -b' },
  { name: 'reference', run: 'node scripts/docs.ts --check' },
  { name: 'knip', run: 'knip' },
  { name: 'publint', run: 'for package in packages/*; do publint run "$package" --strict || exit 1; done' },
  tests('unit'),
  tests('integration'),
  tests('fuzz'),
  tests('e2e'),
  tests('survival', 'vitest run --config vitest.survival.config.ts'),
  tests('real-claude', 'node scripts/real-claude.ts'),
]

function tests(project: string, command = `vitest run --project ${project}`): Step {
  const report = join(folder, `${project}.json`)
  const reporters = `--reporter=default --reporter=json --outputFile.json=${report}`
  return { name: project, run: `${command} ${reporters}`, report }
}

/** Runs a step in a process group of its own, so that a step that hangs leaves nothing behind. */
async function run(step: Step): Promise<Sum> {
  const log = join(folder, `${step.name}.log`)
  const output = openSync(log, 'a')
  const started = Date.now()
  const ok = await new Promise<boolean>((resolve, reject) => {
    const child = spawn('sh', ['-c', step.run], {
      cwd: root,
      env,
      stdio: ['ignore', output, output],
      detached: true,
    })
    const kill = (): void => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    }
    const timer = setTimeout(kill, deadline - Date.now())
    process.once('SIGINT', kill)
    child.once('error', reject)
    child.once('exit', (code) => {
      clearTimeout(timer)
      process.off('SIGINT', kill)
      resolve(code === 0)
    })
  })
  closeSync(output)

  const sum = count(step, ok)
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  const tally = step.report === undefined ? '' : `  ${sum.passed} passed, ${sum.failures.length} failed`
  print(`${step.name.padEnd(12)}${(ok ? 'ok' : 'FAILED').padEnd(7)}${seconds.padStart(6)} s${tally}`)
  if (!ok) print(`${readFileSync(log, 'utf8').trimEnd()}\n`)
  return sum
}

function count({ name, report }: Step, ok: boolean): Sum {
  if (report === undefined || globSync(report).length === 0)
    return { passed: ok ? 1 : 0, failures: ok ? [] : [name] }
  const { numPassedTests, testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report
  if (ok) return { passed: numPassedTests, failures: [] }
  const failures = testResults
    .filter(({ status }) => status === 'failed')
    .flatMap(({ name: path, assertionResults }) => {
      const file = path.replace(root, '')
      const tests = assertionResults.filter(({ status }) => status === 'failed')
      // A file that does not load fails without a failed test.
      return tests.length === 0 ? [file] : tests.map(({ fullName }) => `${file}: ${fullName}`)
    })
  // An error that no test is to blame for is told by the step alone.
  return { passed: numPassedTests, failures: failures.length === 0 ? [name] : failures }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

let passed = 0
const failures: string[] = []
for (const step of steps) {
  const sum = await run(step)
  passed += sum.passed
  failures.push(...sum.failures)
}
rmSync(folder, { recursive: true })
// Once more at the end, where it is still seen when a long log is cut.
for (const failure of failures) print(`FAILED ${failure}`)
print(`${passed} passed, ${failures.length} failed`)
process.exitCode = failures.length === 0 ? 0 : 1
