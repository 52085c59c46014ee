export { acpProvider } from './provider.ts'
export type { AcpOptions } from './options.ts'
