import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";

import type pg from "pg";

/** What a server has done since it began. Undefined where it cannot be told. */
export interface ServerUsage {
  readonly cpuMicroseconds: number | undefined;
  readonly walBytes: number | undefined;
}

/** Kernel ticks are hundredths of a second on every Linux. */
const microsecondsPerTick = 10_000;

/** Reads what a PostgreSQL server has used; its CPU only if it runs on this machine. */
export async function readPostgresUsage(client: pg.Client): Promise<ServerUsage> {
  const { rows } = await client.query<{ bytes: string; pid: number }>(
    "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn AS bytes, pg_backend_pid() AS pid",
  );
  const [row] = rows;
  return {
    walBytes: row === undefined ? undefined : Number(row.bytes),
    cpuMicroseconds: row === undefined ? undefined : readProcessTreeCpu(row.pid),
  };
}

/** The CPU of all processes of the server that this backend belongs to, those that have ended included. */
function readProcessTreeCpu(backendPid: number): number | undefined {
  const backend = readStat(backendPid);
  if (backend === undefined || !backend.command.startsWith("postgres")) return undefined;
  const postmaster = readStat(backend.parentPid);
  if (postmaster === undefined) return undefined;
  const children = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((stat) => stat?.parentPid === backend.parentPid);
  const ticks = children.reduce(
    (sum, stat) => sum + (stat?.ticks ?? 0),
    postmaster.ticks + postmaster.ticksOfEnded,
  );
  return ticks * microsecondsPerTick;
}

interface ProcessStat {
  readonly command: string;
  readonly parentPid: number;
  readonly ticks: number;
  readonly ticksOfEnded: number;
}

/** Undefined for a process that is gone, or of another machine. */
function readStat(pid: number): ProcessStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // The command stands in parentheses, and may hold any character.
  const [, command = "", rest = ""] = /^\d+ \((.*)\) (.*)$/s.exec(text) ?? [];
  const fields = rest.split(" ").map(Number);
  const [parentPid = 0, user = 0, system = 0, endedUser = 0, endedSystem = 0] = [
    1, 11, 12, 13, 14,
  ].map((field) => fields[field] ?? 0);
  return { command, parentPid, ticks: user + system, ticksOfEnded: endedUser + endedSystem };
}

/** Reads what a Redis server has used. */
export async function readRedisUsage(url: string): Promise<ServerUsage> {
  const text = await askRedis(url, "INFO cpu");
  const seconds = (name: string): number =>
    Number(new RegExp(`^${name}:([\\d.]+)`, "m").exec(text)?.[1] ?? 0);
  return {
    walBytes: undefined,
    cpuMicroseconds: (seconds("used_cpu_user") + seconds("used_cpu_sys")) * 1e6,
  };
}

/** The first line of a Redis server about itself, for the report; undefined when there is none at that address. */
export async function describeRedis(url: string): Promise<string | undefined> {
  try {
    const server = await askRedis(url, "INFO server");
    const persistence = await askRedis(url, "INFO persistence");
    const version = /^redis_version:(\S+)/m.exec(server)?.[1];
    const isLogged = /^aof_enabled:1/m.test(persistence);
    return `Redis ${version ?? "?"} (append-only file ${isLogged ? "on" : "off: nothing is durable"})`;
  } catch {
    return undefined;
  }
}

/** One command over a connection of its own; the server closes it after QUIT. */
async function askRedis(url: string, command: string): Promise<string> {
  const { hostname, port, username, password } = new URL(url);
  const user = username === "" ? "" : `${username} `;
  const login = password === "" ? "" : `AUTH ${user}${decodeURIComponent(password)}\r\n`;
  const socket = connect(Number(port || "6379"), hostname);
  socket.write(`${login}${command}\r\nQUIT\r\n`);
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return text;
}
