export { type Daemon, type DaemonOptions, startDaemon } from './daemon.ts'
export { openSqliteStore, StoreDamaged } from './store/sqlite-store.ts'
export { type OpenedStore, openStore } from './store/open-store.ts'
export type {
  DaemonStatus,
  Description,
  EventView,
  GapView,
  LogLine,
  MissionList,
  MissionView,
  Problem,
  Pruned,
  ReceiptView,
  StartRequest,
  TeamRequest,
  TeamView,
  WatchMessage,
} from './api/types.ts'
