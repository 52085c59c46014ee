/** The tools of `overmind mcp`, as far as the lead uses them. */
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { z } from 'zod'

const missionSchema = z.object({
  id: z.string(),
  name: z.string(),
  over: z.boolean(),
  exit_code: z.number().nullable(),
})

export type Mission = z.output<typeof missionSchema>

export interface Tools extends AsyncDisposable {
  /** The mission of this name: the one that there is, from before a restart, or a new one. */
  begin(name: string, mission: Readonly<Record<string, unknown>>): Promise<Mission>
  /** Settles when one of them is over, with all that are. */
  waitForAny(ids: readonly string[]): Promise<readonly Mission[]>
  /** What an agent has answered, or a command has written. */
  result(id: string): Promise<string>
}

export async function connectTools(): Promise<Tools> {
  const client = new Client({ name: 'lead', version: '1.0.0' })
  const env = Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
  // With the environment of the mission, which says whose tools these are.
  await client.connect(
    new StdioClientTransport({ command: process.env['OVERMIND_CLI'] ?? 'overmind', args: ['mcp'], env }),
  )

  async function call<T>(name: string, given: Record<string, unknown>, schema: z.ZodType<T>): Promise<T> {
    const { content, isError, structuredContent } = await client.callTool({ name, arguments: given })
    if (isError === true) throw new Error(`${name}: ${JSON.stringify(content)}`)
    return schema.parse(structuredContent)
  }

  return {
    begin: async (name, mission) => {
      const { missions } = await call('list_missions', {}, z.object({ missions: z.array(missionSchema) }))
      const known = missions.find((each) => each.name === name)
      if (known !== undefined) return known
      const started = await call('start_mission', { name, ...mission }, z.object({ mission: missionSchema }))
      return started.mission
    },
    waitForAny: async (ids) => {
      for (;;) {
        const { over } = await call(
          'wait_for_missions',
          { missions: ids, until: 'any' },
          z.object({ over: z.array(missionSchema) }),
        )
        // None: that was the timeout of the tool, and not the end.
        if (over.length > 0) return over
      }
    },
    result: async (id) => {
      const schema = z.object({
        answer: z.object({ text: z.string() }).nullable(),
        output: z.string().nullable(),
      })
      const { answer, output } = await call('get_result', { mission: id }, schema)
      return answer?.text ?? output ?? ''
    },
    [Symbol.asyncDispose]: () => client.close(),
  }
}
