import { serveStdio, StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import { createClient } from '@overmind/client'
import { createMcpServer, type McpServerOptions } from '@overmind/mcp'

/**
 * Serves MCP on stdin and stdout, in whichever release of it the other side begins with, until stdin ends or the other
 * side is not understood. Makes the client itself: this is a bundle of its own, and errors are known by their class.
 */
export async function serve(options: Omit<McpServerOptions, 'client'>): Promise<void> {
  await new Promise<void>((resolve) => {
    const transport = new (class extends StdioServerTransport {
      override async close(): Promise<void> {
        await super.close()
        resolve()
      }
    })()
    serveStdio(() => createMcpServer({ client: createClient(), ...options }), { transport })
  })
}
