import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Fits the options of `spawn`. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

const userNames = ["postgres", "nobody"];

/**
 * The user to run servers as: PostgreSQL and PgBouncer refuse to be root. Undefined when this process is not root, and
 * its own user will do.
 */
export async function findServerUser(): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of userNames) {
    const [uid, gid] = await Promise.all([readId("-u", name), readId("-g", name)]);
    if (uid !== undefined && gid !== undefined) return { uid, gid };
  }
  throw new Error(
    `Servers do not run as root, and there is no user "${userNames.join('" or "')}" to run them as. Add one, or run the tests as another user.`,
  );
}

async function readId(flag: "-u" | "-g", name: string): Promise<number | undefined> {
  try {
    const { stdout } = await promisify(execFile)("id", [flag, name]);
    return Number(stdout);
  } catch {
    return undefined;
  }
}
