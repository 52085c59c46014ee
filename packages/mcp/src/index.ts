export { createMcpServer, type McpServerOptions } from './server.ts'
export { DEFAULT_LIMITS, type Limits } from './scene.ts'
