import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../../..', import.meta.url))
const names = ['core', 'claude', 'acp', 'blueprint', 'client', 'daemon', 'mcp', 'cli']

interface Manifest {
  version: string
  devDependencies: Record<string, string>
}

const manifest = async (folder: string): Promise<Manifest> =>
  JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest

let temp: string
let app: string
let version: string

/** As a person's shell would: without what npm and the test runner put into the environment. */
async function run(cwd: string, command: string, ...args: string[]): Promise<string> {
  const clean = Object.entries(process.env).filter(
    ([key]) => !/^(npm_|overmind_|vitest|node_(env|options|path)$)/i.test(key),
  )
  const env = {
    ...Object.fromEntries(clean),
    PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH']}`,
    OVERMIND_HOME: join(temp, 'home'),
  }
  const { stdout } = await promisify(execFile)(command, args, { cwd, env })
  return stdout
}

const tarball = (name: string): string => join(temp, `overmind-${name}-${version}.tgz`)

beforeAll(async () => {
  temp = await mkdtemp(join(tmpdir(), 'overmind-pack-'))
  app = join(temp, 'app')
  version = (await manifest(join(root, 'packages/core'))).version
  const { devDependencies } = await manifest(root)

  const workspaces = names.map((name) => `--workspace=packages/${name}`)
  await run(root, 'npm', 'pack', '--ignore-scripts', `--pack-destination=${temp}`, ...workspaces)
  await mkdir(app)
  await writeFile(join(app, 'package.json'), '{ "private": true, "type": "module" }')
  const types = `@types/node@${devDependencies['@types/node']}`
  await run(
    app,
    'npm',
    'install',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    types,
    ...names.map(tarball),
  )
}, 180_000)

afterAll(async () => {
  try {
    await run(app, 'npx', 'overmind', 'shutdown')
  } finally {
    await rm(temp, { recursive: true })
  }
})

test.each(names)('the tarball of %s holds its licence and README, and no tests', async (name) => {
  const files = (await run(temp, 'tar', '-tzf', tarball(name))).trim().split('\n')
  expect(files).toEqual(
    expect.arrayContaining(['package/LICENSE', 'package/README.md', 'package/package.json']),
  )
  expect(files.filter((file) => /\btest\b|\.tsbuildinfo$/.test(file))).toEqual([])

  const licence = await run(temp, 'tar', '-xzOf', tarball(name), 'package/LICENSE')
  expect(licence).toBe(await readFile(join(root, 'LICENSE'), 'utf8'))
})

test('the bundles name the licences of what they hold', async () => {
  const licences = 'package/bundle/THIRD-PARTY-LICENSES.txt'
  const ofCli = await run(temp, 'tar', '-xzOf', tarball('cli'), licences)
  expect(ofCli).toContain('yargs ')
  expect(ofCli).toContain('@modelcontextprotocol/server ')
  expect(await run(temp, 'tar', '-xzOf', tarball('daemon'), licences)).toContain('hono ')
})

test.each(['core', 'claude', 'acp', 'blueprint', 'client', 'daemon', 'mcp'])(
  'Node imports the installed @overmind/%s',
  async (name) => {
    const source = `console.log(typeof await import('@overmind/${name}'))`
    expect(await run(app, process.execPath, '--input-type=module', '--eval', source)).toBe('object\n')
  },
)

test('a strict TypeScript program compiles against the installed types, libraries checked', async () => {
  await writeFile(
    join(app, 'program.ts'),
    `import * as core from '@overmind/core'
     import * as client from '@overmind/client'
     import * as daemon from '@overmind/daemon'
     import * as claude from '@overmind/claude'
     import * as acp from '@overmind/acp'
     import * as blueprint from '@overmind/blueprint'
     import * as mcp from '@overmind/mcp'
     export const all: object[] = [core, client, daemon, claude, acp, blueprint, mcp]`,
  )
  const options = '--strict --noEmit --module nodenext --target es2024 --types node --skipLibCheck false'
  expect(await run(app, join(root, 'node_modules/.bin/tsc'), ...options.split(' '), 'program.ts')).toBe('')
})

test('npx overmind --version prints the version of the package', async () => {
  expect(await run(app, 'npx', 'overmind', '--version')).toBe(`${version}\n`)
})

test('the installed command runs a mission under the installed daemon', async () => {
  expect(await run(app, 'npx', 'overmind', 'run', '--follow', 'echo hello')).toBe('hello\n')
})
