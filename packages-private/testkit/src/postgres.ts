// `@queuert/testkit/postgres`: real servers for tests, and faults before them.
export {
  createFaultProxy,
  type ConnectionFilter,
  type Direction,
  type FaultProxy,
  type FaultProxyOptions,
  type ProxiedConnection,
} from "./fault-proxy.ts";
export {
  newestPostgresMajor,
  postgresMajors,
  type PostgresMajor,
} from "./postgres/ensure-postgres.ts";
export { isCommit } from "./postgres/executed-sql.ts";
export {
  findMainServerUrl,
  openMainServerDoor,
  type MainServerDoor,
} from "./postgres/main-server-door.ts";
export { openPgBouncer, type PgBouncer, type PgBouncerOptions } from "./postgres/pgbouncer.ts";
export {
  createPostgresProxy,
  type LostPart,
  type PostgresProxy,
} from "./postgres/postgres-proxy.ts";
export { connectClient, query } from "./postgres/query.ts";
export {
  openProvider,
  providerNames,
  serverProviderNames,
  type ProviderName,
} from "./postgres-providers.ts";
export type { OpenProvider } from "./postgres-providers/open-provider.ts";
export { createTestDatabase, createTestName, type TestDatabase } from "./postgres/test-database.ts";
export {
  openTestServer,
  type ShutdownMode,
  type TestServer,
  type TestServerOptions,
} from "./postgres/test-server.ts";
