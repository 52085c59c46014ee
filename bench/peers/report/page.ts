/** The generated part of docs/performance.md and its chart, from the results on record. */
import { readFileSync, writeFileSync } from 'node:fs'
import { readResults } from '../results.ts'
import { chartOf } from './chart.ts'
import { sectionOf } from './tables.ts'

const ROOT = new URL('../../../', import.meta.url)
const PAGE = 'docs/performance.md'
const CHART = 'docs/performance-peers.svg'
const BETWEEN = /(<!-- peers[^]*?-->\n)[^]*(\n<!-- end of peers -->)/

/** What the files that depend on the results have to say, by their paths in the repository. */
export function peersPages(): ReadonlyMap<string, string> {
  const results = readResults()
  const page = readFileSync(new URL(PAGE, ROOT), 'utf8')
  if (!BETWEEN.test(page)) throw new Error(`${PAGE} has lost the marks between which the figures stand`)
  return new Map([
    [
      PAGE,
      page.replace(BETWEEN, (_, begin: string, end: string) => `${begin}\n${sectionOf(results)}\n${end}`),
    ],
    [CHART, chartOf(results)],
  ])
}

/** The paths of what was written. */
export function writePages(): readonly string[] {
  const pages = [...peersPages()]
  for (const [path, text] of pages) writeFileSync(new URL(path, ROOT), text)
  return pages.map(([path]) => path)
}
