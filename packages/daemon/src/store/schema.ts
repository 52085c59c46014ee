/** Any change of the tables is a new number; a store of a later number is refused. */
export const SCHEMA_VERSION: number = 1

/** Says that a SQLite file is ours: "OVMD". */
export const APPLICATION_ID: number = 0x4f564d44

export const SCHEMA: string = `
CREATE TABLE environments (
  hash TEXT PRIMARY KEY,
  variables TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE missions (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  spec TEXT NOT NULL,
  environment TEXT NOT NULL,
  created_at REAL NOT NULL,
  state TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX missions_by_environment ON missions (environment);

CREATE TABLE events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  mission TEXT,
  run INTEGER,
  type TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;

CREATE INDEX events_by_mission ON events (mission, type) WHERE mission IS NOT NULL;

PRAGMA application_id = ${APPLICATION_ID};
PRAGMA user_version = ${SCHEMA_VERSION};
`

/**
 * By these it is found what a run has had, and what is of no mission. Made where they are missing: nothing but speed depends on
 * them, so that a store without them is of the same version.
 */
export const INDEXES: string = `
CREATE INDEX IF NOT EXISTS events_of_runtime ON events (type) WHERE mission IS NULL;
CREATE INDEX IF NOT EXISTS events_by_run ON events (mission, run, type) WHERE run IS NOT NULL;
`

/** Made when there is a first: missions whose rows could not be read, as they were. What is damaged may be of any kind. */
export const DAMAGED_MISSIONS: string = `
CREATE TABLE IF NOT EXISTS damaged_missions (
  reason TEXT NOT NULL,
  id ANY,
  name ANY,
  spec ANY,
  environment ANY,
  variables ANY,
  created_at ANY,
  state ANY
) STRICT;
`
