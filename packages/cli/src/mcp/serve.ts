import { finished } from 'node:stream/promises'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { createClient } from '@overmind/client'
import { createMcpServer, type McpServerOptions } from '@overmind/mcp'

/**
 * Serves MCP on stdin and stdout, in whichever release of it the other side begins with, until stdin ends. Makes the
 * client itself: this is a bundle of its own, and errors are known by their class.
 */
export async function serve(options: Omit<McpServerOptions, 'client'>): Promise<void> {
  const serving = serveStdio(() => createMcpServer({ client: createClient(), ...options }))
  // However it ended, there is nobody left to serve.
  await finished(process.stdin, { writable: false }).catch(() => undefined)
  await serving.close()
}
