import {
  QueuertError,
  StoreConflictError,
  StoreSetupError,
  StoreUnavailableError,
  TransactionInvalidError,
} from "queuert/adapter";

/** Prisma's own codes look alike: they begin with P1 to P6, SQLSTATEs of PL/pgSQL with P0. */
const sqlStatePattern = /^(?!P[1-9])[0-9A-Z]{5}$/;

/** Codes of the operating system and of client libraries for a connection that is not there. */
const connectionCodes: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENOENT",
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "CONNECT_TIMEOUT",
  "P1001",
  "P1002",
  "P1017",
  "P2024",
]);

/** What Prisma's driver adapters call a connection that is not there. */
const connectionKinds: ReadonlySet<unknown> = new Set([
  "DatabaseNotReachable",
  "ConnectionClosed",
  "SocketTimeout",
]);

/** node-postgres has no codes for these; Knex puts the statement before them. */
const connectionMessage =
  /(?:^| - )(?:connection terminated|client has encountered a connection error|timeout exceeded when trying to connect|client was closed|cannot use a pool after calling end|query read timeout|connection ended)/i;

/** What an error says of itself; libraries that wrap the driver's keep it in one of the others. */
interface ErrorFields {
  readonly code?: unknown;
  /** The server's code, where `code` is one of the library's. */
  readonly originalCode?: unknown;
  readonly kind?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
  readonly driverError?: unknown;
  readonly originalError?: unknown;
  readonly meta?: unknown;
  readonly driverAdapterError?: unknown;
}

/** The SQLSTATE in an error of a client library, however deep it wrapped it; `undefined` where the server did not say anything. */
export function sqlStateOf(error: unknown): string | undefined {
  return findIn(error, ({ code, originalCode }) => [code, originalCode].find(isSqlState));
}

function isSqlState(code: unknown): code is string {
  return typeof code === "string" && sqlStatePattern.test(code) && !connectionCodes.has(code);
}

function isConnectionLost(error: unknown): boolean {
  return (
    findIn(error, ({ code, kind, message }) =>
      (typeof code === "string" && connectionCodes.has(code)) ||
      connectionKinds.has(kind) ||
      (typeof message === "string" && connectionMessage.test(message))
        ? true
        : undefined,
    ) === true
  );
}

function findIn<TFound>(
  error: unknown,
  look: (fields: ErrorFields) => TFound | undefined,
  depth = 0,
): TFound | undefined {
  if (typeof error !== "object" || error === null || depth > 5) return undefined;
  const fields: ErrorFields = error;
  const found = look(fields);
  if (found !== undefined) return found;
  const { cause, driverError, originalError, meta, driverAdapterError } = fields;
  for (const inner of [cause, driverError, originalError, meta, driverAdapterError]) {
    const deeper = findIn(inner, look, depth + 1);
    if (deeper !== undefined) return deeper;
  }
  return undefined;
}

/** Errors that a repetition may cure: serialization failures, deadlocks, and locks that were not had in time. */
export function isConflict(error: unknown): boolean {
  return ["40001", "40P01", "55P03"].includes(sqlStateOf(error) ?? "");
}

/** Turns an error of the client library into one of the port's; errors of ours and of the user's pass. */
export function translateError(error: unknown): unknown {
  if (error instanceof QueuertError) return error;
  const sqlState = sqlStateOf(error);
  if (sqlState === undefined) {
    return isConnectionLost(error)
      ? new StoreUnavailableError("The connection to PostgreSQL is lost or cannot be made.", {
          cause: error,
        })
      : error;
  }
  return translateSqlState(sqlState, error) ?? error;
}

function translateSqlState(sqlState: string, cause: unknown): QueuertError | undefined {
  switch (sqlState) {
    case "40001":
    case "40P01":
    case "55P03":
      return new StoreConflictError(
        `PostgreSQL refused the write because of a concurrent one (SQLSTATE ${sqlState}). Nothing was written. Run the whole transaction again.`,
        { cause },
      );
    case "42P01":
    case "42703":
    case "42883":
    case "3F000":
      return new StoreSetupError(
        `The database has no tables or functions of Queuert under this schema and tablePrefix, or has them from an earlier version (SQLSTATE ${sqlState}). Call migrate() first.`,
        { cause },
      );
    case "42501":
    case "28000":
    case "28P01":
    case "3D000":
      return new StoreSetupError(
        `PostgreSQL refuses this user or database (SQLSTATE ${sqlState}).`,
        { cause },
      );
    case "25P01":
    case "25P02":
      return new TransactionInvalidError(
        "The transaction given as tx has failed or is over. Roll it back, and run it again.",
      );
    // A server that has become a standby, or a disk that is full: it is there, and does not write.
    case "25006":
    case "53100":
    case "53200":
    case "53300":
    case "57P01":
    case "57P02":
    case "57P03":
      return new StoreUnavailableError(
        `PostgreSQL does not take writes at present (SQLSTATE ${sqlState}).`,
        { cause },
      );
    default:
      return sqlState.startsWith("08")
        ? new StoreUnavailableError(
            `The connection to PostgreSQL is lost or cannot be made (SQLSTATE ${sqlState}).`,
            { cause },
          )
        : undefined;
  }
}
