/**
 * Bundles what people start: the `overmind` command and the daemon. Loading hundreds of small files is most
 * of the start-up time of a Node program, and start-up is the first impression.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild'

const root = new URL('..', import.meta.url).pathname

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node24',
  conditions: ['overmind-source'],
  minifyWhitespace: true,
  minifySyntax: true, // but not identifiers: stack traces stay readable
  legalComments: 'none', // they are in THIRD-PARTY-LICENSES.txt
  metafile: true,
  logLevel: 'warning',
} satisfies BuildOptions

/**
 * What few commands need would be most of what all of them load: yargs, which draws help, what reads blueprints, and the SDK
 * of MCP.
 */
const apart: Plugin = {
  name: 'apart',
  setup: ({ onResolve }) => {
    onResolve({ filter: /\/help\.ts$/ }, () => ({ path: './help.cjs', external: true }))
    onResolve({ filter: /(?:^\.|\/blueprints)\/read\.ts$/ }, () => ({
      path: './blueprint.cjs',
      external: true,
    }))
    onResolve({ filter: /\/mcp\/serve\.ts$/ }, () => ({ path: './mcp.cjs', external: true }))
  },
}

/**
 * CommonJS, because an ES module that imports node:http makes Node load all of its exports, undici among them:
 * 10 ms. `import.meta` does not exist there, so that its members are defined from what does.
 */
const command = {
  ...common,
  entryPoints: ['packages/cli/src/main.ts'],
  outfile: 'packages/cli/bundle/overmind.cjs',
  format: 'cjs',
  plugins: [apart],
  banner: {
    js: `const __url = require('node:url').pathToFileURL
const __importMetaUrl = __url(__filename).href
const __importMetaResolve = (specifier) => __url(require.resolve(specifier)).href`,
  },
  define: {
    'import.meta.url': '__importMetaUrl',
    'import.meta.resolve': '__importMetaResolve',
    'import.meta.dirname': '__dirname',
    'import.meta.filename': '__filename',
    'import.meta.main': 'true',
  },
} satisfies BuildOptions

const help = {
  ...command,
  entryPoints: ['packages/cli/src/command-line/help.ts'],
  outfile: 'packages/cli/bundle/help.cjs',
  plugins: [],
  // The one from npm builds an Intl.Segmenter and its tables at load: 45 ms.
  alias: { 'string-width': './packages/daemon/src/text/width.ts' },
} satisfies BuildOptions

const blueprint = {
  ...command,
  entryPoints: ['packages/cli/src/blueprints/read.ts'],
  outfile: 'packages/cli/bundle/blueprint.cjs',
  plugins: [],
} satisfies BuildOptions

const mcp = {
  ...command,
  entryPoints: ['packages/cli/src/mcp/serve.ts'],
  outfile: 'packages/cli/bundle/mcp.cjs',
  plugins: [],
} satisfies BuildOptions

/** An ES module, which may await at its top level; what it bundles from CommonJS finds the names it expects. */
const daemon = {
  ...common,
  entryPoints: ['packages/daemon/src/main.ts'],
  outfile: 'packages/daemon/bundle/overmindd.mjs',
  format: 'esm',
  banner: {
    js: `import { createRequire as __createRequire } from 'node:module'
const require = __createRequire(import.meta.url)`,
  },
  define: { __filename: 'import.meta.filename', __dirname: 'import.meta.dirname' },
} satisfies BuildOptions

const builtInto = new Map<string, Metafile[]>()
for (const options of [command, help, blueprint, mcp, daemon]) {
  const { metafile } = await build(options).catch(() => process.exit(1)) // esbuild has said why
  const folder = dirname(options.outfile)
  builtInto.set(folder, [...(builtInto.get(folder) ?? []), metafile])
  process.stdout.write(`${options.outfile} ${kilobytes(metafile)} kB\n`)
}
for (const [folder, metafiles] of builtInto) {
  writeFileSync(join(root, folder, 'THIRD-PARTY-LICENSES.txt'), licences(metafiles))
}

function kilobytes({ outputs }: Metafile): number {
  return Math.round(Object.values(outputs).reduce((sum, { bytes }) => sum + bytes, 0) / 1000)
}

/** Name, version and licence text of each npm package of which some bytes are in a folder's bundles. */
function licences(metafiles: readonly Metafile[]): string {
  const folders = metafiles
    .flatMap(({ outputs }) => Object.values(outputs))
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([input]) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0])
    .filter((folder) => folder !== undefined)
  return [...new Set(folders)]
    .toSorted()
    .map(licence)
    .join(`\n${'-'.repeat(80)}\n\n`)
}

function licence(folder: string): string {
  const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
    name: string
    version: string
    license: string
  }
  const files = readdirSync(join(root, folder)).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file))
  const texts = files.map((file) => readFileSync(join(root, folder, file), 'utf8').trim())
  if (texts.length === 0) texts.push('The package holds no licence text.')
  return [`${manifest.name} ${manifest.version} (${manifest.license})`, ...texts].join('\n\n') + '\n'
}
