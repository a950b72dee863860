import type { NameObjects } from "../names.ts";
import { makePartitionsExpression, type Partitioning } from "../partitions/partitioning.ts";
import { limitLockWaits, takeTurn } from "./migrate.ts";

/** Statements as text for any client: names filled in, each ended by a semicolon. */
export function printStatements(nameObjects: NameObjects, statements: readonly string[]): string {
  return `${statements.map((statement) => `${nameObjects(statement.trim())};`).join("\n\n")}\n`;
}

/** One transaction that waits for those that migrate the same schema, and no longer than `lockTimeoutMs` for anybody else. */
export function printTransaction(
  nameObjects: NameObjects,
  lockTimeoutMs: number,
  statements: readonly string[],
): string {
  return printStatements(nameObjects, [
    "BEGIN",
    takeTurn,
    limitLockWaits(lockTimeoutMs),
    ...statements,
    "COMMIT",
  ]);
}

/** Makes the partitions from now on, by the server's clock. */
export function printMakePartitions(
  { everyMs, ahead }: Partitioning,
  lockTimeoutMs: number,
): string {
  const values = ["NULL", everyMs, ahead, lockTimeoutMs];
  const expression = makePartitionsExpression.replaceAll(/\$(\d)/g, (_, place: string) =>
    String(values[Number(place) - 1]),
  );
  return `SELECT ${expression}`;
}
