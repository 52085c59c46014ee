import type { McpServer, ServerContext } from '@modelcontextprotocol/server'
import type * as z from 'zod'
import { failureText } from './failures.ts'
import { inert, inertText } from './inert.ts'

/** One call of a tool by an agent. */
export interface ToolCall {
  /** Aborted when the agent no longer waits for the answer. */
  readonly signal: AbortSignal
  /** Tells the agent's program that there is somebody, so that it goes on waiting. */
  progress(message: string): Promise<void>
}

export interface Tool<In extends z.ZodObject, Out extends z.ZodObject> {
  readonly name: string
  readonly title: string
  /** For the agent: what it does, what it needs, what follows. */
  readonly description: string
  readonly input: In
  readonly output: Out
  readonly hints: {
    readonly readOnly: boolean
    /** Whether it may end or change what is there. */
    readonly destructive: boolean
    /** Whether a second call with the same arguments changes nothing more. */
    readonly idempotent: boolean
  }
  /** Whatever it throws is told to the agent as an error of the tool. */
  run(given: z.output<In>, call: ToolCall): Promise<z.output<Out>>
}

/** Makes a tool known to a server. */
export type Offer = (server: McpServer) => void

/** What a tool answers and how it fails is made inert here, in the one place that everything passes. */
export function tool<In extends z.ZodObject, Out extends z.ZodObject>(definition: Tool<In, Out>): Offer {
  return (server) => offer(server, definition)
}

function offer<In extends z.ZodObject, Out extends z.ZodObject>(
  server: McpServer,
  { name, title, description, input, output, hints, run }: Tool<In, Out>,
): void {
  const config = {
    title,
    description,
    inputSchema: input,
    outputSchema: output,
    annotations: {
      title,
      readOnlyHint: hints.readOnly,
      destructiveHint: hints.destructive,
      idempotentHint: hints.idempotent,
      openWorldHint: false,
    },
  }
  server.registerTool<Out, z.ZodObject>(name, config, async (given, context) => {
    try {
      const answer = inert(await run(input.parse(given), callOf(context)))
      return { content: [{ type: 'text', text: JSON.stringify(answer) }], structuredContent: answer }
    } catch (error) {
      return { content: [{ type: 'text', text: inertText(failureText(error)) }], isError: true }
    }
  })
}

function callOf({ mcpReq }: ServerContext): ToolCall {
  const progressToken = mcpReq._meta?.progressToken
  let progress = 0
  return {
    signal: mcpReq.signal,
    progress: async (message) => {
      if (progressToken === undefined) return
      progress += 1
      await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, message } })
    },
  }
}
