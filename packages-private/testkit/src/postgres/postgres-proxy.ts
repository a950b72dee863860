import {
  createFaultProxy,
  type ConnectionFilter,
  type FaultProxy,
  type ProxiedConnection,
} from "../fault-proxy.ts";
import { createSqlFollower, isCommit } from "./executed-sql.ts";
import { createClientReader, createServerReader, type WireMessage } from "./wire-messages.ts";

/** What is lost of a statement: its way to the server, so that it never ran, or the answer, when it has run. */
export type LostPart = "request" | "reply";

/** A fault proxy that can tell statements apart. It does not encrypt, and tells clients that ask for it so. */
export interface PostgresProxy extends FaultProxy {
  /** The server's address through the proxy. */
  readonly url: string;
  /**
   * Lets the connection break at the next statement whose text matches, a COMMIT by default: the client has got nothing
   * of the answer. Resolves when it has broken; in the case of `reply`, the server is done with the statement then.
   * Replaces a loss that has not happened yet.
   */
  loseNext(part: LostPart, matches?: (sql: string) => boolean): Promise<void>;
}

interface PendingLoss {
  readonly part: LostPart;
  readonly matches: (sql: string) => boolean;
  readonly onLost: () => void;
}

/** Stands before the server of that address. */
export async function createPostgresProxy(serverUrl: string): Promise<PostgresProxy> {
  const server = new URL(serverUrl);
  let pending: PendingLoss | undefined;

  /** The loss that this statement is meant for. It happens once. */
  const takeLoss = (sql: string | undefined): PendingLoss | undefined => {
    if (sql === undefined || pending?.matches(sql) !== true) return undefined;
    const taken = pending;
    pending = undefined;
    return taken;
  };
  const proxy = await createFaultProxy({
    target: { host: server.hostname, port: Number(server.port || "5432") },
    createFilter: (connection) => createPostgresFilter(connection, takeLoss),
  });
  server.host = `${proxy.host}:${proxy.port}`;

  return Object.assign(proxy, {
    url: server.href,
    loseNext: async (part: LostPart, matches: PendingLoss["matches"] = isCommit) =>
      new Promise<void>((resolve) => {
        pending = { part, matches, onLost: resolve };
      }),
  });
}

/**
 * A server answers in turns: each ends with ReadyForQuery and belongs to one simple query, or to what the client sent up
 * to a Sync. Counting both sides tells which turn answers which statement, also when the client does not wait.
 */
function createPostgresFilter(
  connection: ProxiedConnection,
  takeLoss: (sql: string | undefined) => PendingLoss | undefined,
): ConnectionFilter {
  const [readClient, readServer] = [createClientReader(), createServerReader()];
  const followSql = createSqlFollower();
  let requestedTurns = 0;
  // The first ReadyForQuery answers no request: it ends the login.
  let answeredTurns = -1;
  let lost: { readonly turn: number; readonly onLost: () => void } | undefined;
  let isCut = false;

  const cut = (onLost: () => void): void => {
    isCut = true;
    connection.cut();
    onLost();
  };
  const onClientMessage = (message: WireMessage): void => {
    if (message.type === "encryption") {
      connection.send("toClient", Buffer.from("N"));
      return;
    }
    const loss = takeLoss(followSql(message));
    if (loss?.part === "request") {
      cut(loss.onLost);
      return;
    }
    if (loss !== undefined) lost = { turn: requestedTurns, onLost: loss.onLost };
    if (message.type === "Q" || message.type === "S") requestedTurns += 1;
    connection.send("toServer", message.bytes);
  };
  const onServerMessage = (message: WireMessage): void => {
    const answeredTurn = answeredTurns;
    if (message.type === "Z") answeredTurns += 1;
    if (lost === undefined || answeredTurn < lost.turn) connection.send("toClient", message.bytes);
    else if (message.type === "Z") cut(lost.onLost);
  };
  return (direction, bytes) => {
    const [read, onMessage] =
      direction === "toServer" ? [readClient, onClientMessage] : [readServer, onServerMessage];
    for (const message of read(bytes)) if (!isCut) onMessage(message);
  };
}
