import { StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import { createClient } from '@overmind/client'
import { createMcpServer, type McpServerOptions } from '@overmind/mcp'

/**
 * Serves MCP on stdin and stdout, until stdin ends or there is nobody left to read. Makes the client itself: this is a
 * bundle of its own, and errors are known by their class.
 */
export async function serve(options: Omit<McpServerOptions, 'client'>): Promise<void> {
  const server = createMcpServer({ client: createClient(), ...options })
  const closed = new Promise<void>((resolve) => {
    // The SDK tells in no other way.
    // oxlint-disable-next-line unicorn/prefer-add-event-listener
    server.server.onclose = resolve
  })
  await server.connect(new StdioServerTransport())
  await closed
}
