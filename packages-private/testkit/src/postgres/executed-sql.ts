import type { WireMessage } from "./wire-messages.ts";

/**
 * Follows what one client sends. Returns the text that a message has the server execute, undefined for a message that
 * executes nothing; prepared statements and portals are followed by name.
 */
export function createSqlFollower(): (message: WireMessage) => string | undefined {
  const statements = new Map<string, string>();
  const portals = new Map<string, string | undefined>();
  return ({ type, body }) => {
    const [first = "", second = ""] = readTexts(body);
    switch (type) {
      case "Q":
        return first;
      case "P":
        statements.set(first, second);
        return undefined;
      case "B":
        portals.set(first, statements.get(second));
        return undefined;
      case "E":
        return portals.get(first);
      default:
        return undefined;
    }
  };
}

/** The first two of the texts that begin a message, each ended by a zero byte. */
function readTexts(body: Buffer): string[] {
  const end = body.indexOf(0);
  return [body.toString("utf8", 0, end), body.toString("utf8", end + 1, body.indexOf(0, end + 1))];
}

/** Whether that text ends a transaction by committing it, alone or after other statements. */
export function isCommit(sql: string): boolean {
  return /(?:^|;)\s*(?:commit|end)(?:\s+(?:work|transaction))?\s*;?\s*$/i.test(sql);
}
