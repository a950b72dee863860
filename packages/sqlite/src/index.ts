export {
  createSqliteNotifyAdapter,
  type SqliteNotifyAdapterOptions,
} from "./create-sqlite-notify-adapter.ts";
export {
  createSqliteStateAdapter,
  type SqliteStateAdapter,
  type SqliteStateAdapterOptions,
} from "./create-sqlite-state-adapter.ts";
export type { SqliteProvider, SqliteStatement, SqliteValue } from "./providers/provider.ts";
