export { createRuntime, type RuntimeOptions } from './runtime/runtime.ts'
export type { CloseOptions, Runtime, SuccessorOptions } from './runtime/runtime-handle.ts'
export type { Team, TeamOutcome, TeamView } from './runtime/teams.ts'
export type { Recovery } from './runtime/recover.ts'
export type { Queue, SlotUse, Waiting } from './runtime/slots.ts'
export type {
  EventsOptions,
  HistoryQuery,
  KillOptions,
  MessageAnswer,
  Mission,
  MissionView,
  OutputFile,
  OutputOptions,
  OutputPiece,
  SitOptions,
  StopOptions,
} from './runtime/mission-handle.ts'
export { createMemoryStore, type MemoryStoreOptions } from './journal/memory-store.ts'
export type { Change, EventQuery, Store, Thinning } from './journal/store.ts'
export type { SubscribeOptions } from './journal/journal.ts'
export type { Argument, PrivateArgument } from './model/argument.ts'
export type { Beginning, Invocation, Provider, RunEnd } from './provider/provider.ts'
export { amountOf, countOf, objectInLine, oneLine, promptOf } from './provider/reading.ts'
export type { AnswerText, Fact, Message, Piece, Talk } from './provider/talk.ts'
export {
  addSpending,
  type Answer,
  type Said,
  type Ask,
  type Conversation,
  type Memory,
  type ModelSpending,
  nothingSpent,
  type PendingMessage,
  type Spending,
  tokensOf,
  type Trouble,
  type Turn,
  type Verdict,
} from './model/conversation.ts'
export type { ConcurrencyLimits, SlotScope } from './model/concurrency.ts'
export { OvermindError, type ErrorCode, type ErrorDetails, isShortage, systemCode } from './model/errors.ts'
export type {
  EndReason,
  EventDraft,
  EventType,
  Gap,
  JournalEvent,
  JournalMissionEvent,
  MissionEvent,
  RuntimeEvent,
} from './model/events.ts'
export type {
  CodeExit,
  Evidence,
  ExitClass,
  LostCause,
  MissionExit,
  Outcome,
  ProcessExit,
  Receipt,
  SentSignal,
} from './model/exit.ts'
export {
  isMessageId,
  isMissionId,
  type MessageId,
  type MissionId,
  type Random,
  type Run,
  seq,
  type Seq,
} from './model/ids.ts'
export { isName, NAME_RULE } from './model/names.ts'
export type { Stream, Streams } from './model/output.ts'
export { OUTPUT_NOTES } from './runtime/output-notes.ts'
export type { CheckMission, Control, Controller, Work } from './runtime/controller.ts'
export { isInner } from './runtime/controlled-host.ts'
export { isSignal, signalOfCode } from './model/signals.ts'
export {
  type Command,
  type Activity,
  type Custody,
  type Environment,
  type MissionInput,
  missionInputShape,
  type Json,
  type MissionSpec,
  type Labels,
  type OnExit,
  type MissionType,
  type OnAskTimeout,
  type OnLimit,
  type OnParentExit,
  type ProviderOptions,
  type RestartPolicy,
  type TerminalSize,
  windowText,
} from './model/spec.ts'
export type {
  Budget,
  Ending,
  Limit,
  MissionRecord,
  MissionState,
  Phase,
  ProcessIdentity,
  Rung,
  Status,
  TimerName,
} from './model/state.ts'
export { PHASES } from './model/state.ts'
export type { CgroupSupport, LimitName } from './model/cgroup-support.ts'
export type { MemberRestart, Membership, TeamStrategy } from './model/membership.ts'
export type { MemberInput, TeamInput } from './model/team.ts'
export { type Clock, type Deadline, type Instant, systemClock } from './model/time.ts'
export { type Home, mustBeFiles, prepareHome } from './process/home.ts'
export { findProgram } from './process/launch-checks.ts'
export { withPrivateMask } from './process/private-mask.ts'
export { type ProgramEnd, type ProgramOptions, runProgram } from './process/program.ts'
export { openRegular, openRegularFile, readRegular } from './process/regular-file.ts'
export type { RunUsage } from './process/usage.ts'
export type { Attached } from './process/terminal/protocol.ts'
export { child, ignore } from './supervisor/spec.ts'
export type {
  ChildInput,
  ChildRef,
  ChildSpec,
  ChildTemplate,
  ChildType,
  DynamicChildInput,
  Ignore,
  LogicWithInfo,
  ShutdownTime,
  StartFunction,
} from './supervisor/spec.ts'
export { type ExitReason, Shutdown } from './supervisor/exit.ts'
export {
  startTaskSupervisor,
  type Task,
  type TaskFunction,
  type TaskOptions,
  type TaskStreamOptions,
  type TaskSupervisor,
} from './supervisor/task-supervisor.ts'
export type { Charge, Intensity } from './supervisor/intensity.ts'
export type { AutoShutdown, RestartType, Strategy } from './supervisor/strategy.ts'
export type { Children, SupervisorOptions } from './supervisor/flags.ts'
export type { ChildCounts, ChildView, StartedChild } from './supervisor/children.ts'
export {
  type Reconfiguration,
  startSupervisor,
  type Supervisor,
  supervisorLogic,
  supervisorOf,
} from './supervisor/supervisor.ts'
export {
  type DynamicSupervisor,
  type DynamicSupervisorHandle,
  dynamicSupervisorLogic,
  dynamicSupervisorOf,
  type DynamicSupervisorOptions,
  startDynamicSupervisor,
  type TemplateSupervisor,
  type TemplateSupervisorOptions,
} from './supervisor/dynamic-supervisor.ts'
export {
  type PartitionSupervisor,
  partitionSupervisorLogic,
  partitionSupervisorOf,
  type PartitionSupervisorOptions,
  startPartitionSupervisor,
} from './supervisor/partition-supervisor.ts'
export type {
  StartOptions,
  SupervisorEvent,
  SupervisorHandle,
  SupervisorLogic,
  SupervisorSnapshot,
} from './supervisor/logic.ts'
export type { SupervisorPhase } from './supervisor/kinship.ts'
export { formatReport, type Offender, type Report, type ReportFormat } from './supervisor/report.ts'
