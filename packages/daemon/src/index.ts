export { type Daemon, type DaemonOptions, startDaemon } from './daemon.ts'
export { openSqliteStore, StoreDamaged } from './store/sqlite-store.ts'
export { type OpenedStore, openStore } from './store/open-store.ts'
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
  QueueView,
  ReceiptView,
  StartRequest,
  ChangeView,
  PipelineRequest,
  PipelineView,
  TeamRequest,
  TeamView,
  UsageList,
  UsageView,
  WatchMessage,
} from './api/types.ts'
