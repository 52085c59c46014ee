/**
 * A blueprint: who builds on whose work. Two agents look at different things at the same time, a third makes one report of what
 * they found, and a fourth is there in case that fails. Run: node examples/pipeline.ts
 */
import {
  applyBlueprint,
  blueprintController,
  documentOf,
  parseBlueprint,
  renderGraph,
} from '@overmind/blueprint'
import { createRuntime } from '@overmind/core'

const source = `
[vars]
folder = "."

[agents.files]
command = "find {{ vars.folder }} -maxdepth 1 -type f | wc -l"

[agents.folders]
command = "find {{ vars.folder }} -maxdepth 1 -type d | wc -l"

[agents.report]
command = "echo files: {{ files.result }}, folders: {{ folders.result }}"
depends_on = ["files", "folders"]

[agents.apology]
command = "echo there is no report"
depends_on = [{ agent = "report", when = "failed" }]
`

console.log(renderGraph(parseBlueprint(source, { file: 'report.toml' }), 'text'))

await using runtime = await createRuntime({ controllers: [blueprintController()] })
const { mission } = await applyBlueprint(runtime, documentOf(source, { file: 'report.toml' }))
const { code } = await mission.exited()
for await (const bytes of mission.output()) process.stdout.write(bytes)
for await (const bytes of runtime.get('report.report').output()) process.stdout.write(bytes)
console.log(`exit code ${code}`)
