import type { PostgresRow, PostgresStatement } from "./provider.ts";

/** A statement as node-postgres takes it. */
export interface NodePostgresQuery {
  name?: string;
  text: string;
  values: (string | null)[];
  types: { getTypeParser: () => (value: unknown) => string };
}

/** The part of a node-postgres `Client` that the adapter uses. */
export interface NodePostgresClient {
  query(query: NodePostgresQuery): Promise<{ rows: PostgresRow[]; command: string }>;
  on(event: "error", listener: (error: Error) => void): unknown;
  off(event: "error", listener: (error: Error) => void): unknown;
  /** Older versions cannot tell. */
  getTransactionStatus?(): "I" | "T" | "E" | null;
}

/** Columns are text, as text or as bytes, whatever parsers the user has set. */
const types: NodePostgresQuery["types"] = { getTypeParser: () => String };

/** Whether the value is a client of node-postgres, of a pool or single, and no pool. */
export function isNodePostgresClient(value: unknown): value is NodePostgresClient {
  if (typeof value !== "object" || value === null) return false;
  const { query, on, totalCount } = value as {
    query?: unknown;
    on?: unknown;
    totalCount?: unknown;
  };
  return typeof query === "function" && typeof on === "function" && totalCount === undefined;
}

/** Whether a transaction is open, failed ones included, as the server said with its last answer; `undefined` where the library cannot tell. */
export function isInTransaction(client: NodePostgresClient): boolean | undefined {
  const status = client.getTransactionStatus?.();
  return status === undefined || status === null ? undefined : status !== "I";
}

export async function queryClient(
  client: NodePostgresClient,
  { name, text, values, isPrepared }: PostgresStatement,
): Promise<readonly PostgresRow[]> {
  const { rows } = await client.query({
    ...(isPrepared && { name }),
    text,
    values: [...values],
    types,
  });
  return rows;
}

/** Runs SQL without values and answers what the server calls the command that it ran. */
export async function executeOnClient(client: NodePostgresClient, text: string): Promise<string> {
  return (await client.query({ text, values: [], types })).command;
}
