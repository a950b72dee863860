export {
  createPostgresNotifyAdapter,
  type PostgresNotifyAdapterOptions,
} from "./create-postgres-notify-adapter.ts";
export {
  createPostgresStateAdapter,
  type PostgresStateAdapter,
  type PostgresStateAdapterOptions,
} from "./create-postgres-state-adapter.ts";
export type { SchemaDifference } from "./migrations/check-schema.ts";
export { printMigrations, type PrintMigrationsOptions } from "./migrations/print-migrations.ts";
export type { PostgresListener } from "./notify/listener.ts";
export type {
  DroppedPartition,
  PartitionMaintenance,
  PartitionReport,
} from "./partitions/maintain-partitions.ts";
export type { PartitionOptions } from "./partitions/partitioning.ts";
export {
  printPartitioning,
  type PrintPartitioningOptions,
} from "./partitions/print-partitioning.ts";
export type { PostgresProvider, PostgresRow, PostgresStatement } from "./providers/provider.ts";
