export {
  createClient,
  type CallOptions,
  type EventQuery,
  type ListQuery,
  type TableQuery,
  type LogQuery,
  type OutputQuery,
  type OvermindClient,
} from './client.ts'
export { ApiError, ConnectionFailed, DaemonNotRunning } from './errors.ts'
export { resolveHome, socketOf, terminalSocketOf } from './home.ts'
export type {
  AnswerView,
  AskView,
  DaemonStatus,
  DecisionRequest,
  Description,
  EventView,
  GapView,
  LogLine,
  MessageView,
  MissionList,
  MissionView,
  Problem,
  Pruned,
  ReceiptView,
  StartRequest,
  TeamRequest,
  TeamView,
  UsageList,
  UsageView,
  WatchMessage,
} from '@overmind/daemon'
