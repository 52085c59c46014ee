/**
 * Reaches a goal with agents: `node main.ts "<goal>"`. Starts the lead as a mission that is started again when it fails,
 * and prints what it says. Needs a daemon (`overmind start`) and Claude Code.
 */
import { createClient } from '@overmind/client'

const [goal = 'Write hello.txt with a greeting in it, and bye.txt with a farewell'] = process.argv.slice(2)
const client = createClient()
const lead = await client.start({
  name: 'lead',
  command: [process.execPath, new URL('./lead.ts', import.meta.url).pathname, goal],
  cwd: process.cwd(),
  env: Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  ),
  restart: 'on-failure',
  backoff_ms: 100,
  // It has done what it could, and would not do better a second time.
  success_codes: [0, 2],
})
for await (const bytes of client.logs(lead.id, { follow: true })) process.stdout.write(bytes)
process.exitCode = (await client.wait(lead.id)).exit_code ?? 1
