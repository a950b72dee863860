import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export type Direction = "toServer" | "toClient";

/** One connection through the proxy. */
export interface ProxiedConnection {
  /** Sends bytes on, behind those sent before, with the delays and pauses of their direction. */
  send(direction: Direction, bytes: Buffer): void;
  /** Resets both ends. What was not delivered is lost. */
  cut(): void;
}

/** Sees all bytes of one connection and decides what is sent on; what it does not send is gone. */
export type ConnectionFilter = (direction: Direction, bytes: Buffer) => void;

export interface FaultProxyOptions {
  readonly target: { readonly host: string; readonly port: number };
  /** Called for each connection. By default everything is sent on as it is. */
  readonly createFilter?: (connection: ProxiedConnection) => ConnectionFilter;
}

/** A network between a client and a server, to be mistreated. It holds what it does not deliver in memory, without a limit. */
export interface FaultProxy {
  readonly host: string;
  readonly port: number;
  /** How many connections are open. */
  readonly connectionCount: number;
  /** How long each byte travels; 0 at first. A change counts for bytes that arrive from then on; their order is kept. */
  delayMs: number;
  /** Resets all connections. New ones are accepted. */
  cut(): void;
  /** Resets all connections, and new ones, until `heal`. */
  refuse(): void;
  /** Delivers nothing in that direction until `heal`: neither bytes nor the end of a connection. */
  pause(direction: Direction): void;
  /** Pauses both directions. Connections are accepted and stay open on one side when the other side has closed them. */
  blackHole(): void;
  /** Ends `refuse`, `pause` and `blackHole`, and delivers what was held. */
  heal(): void;
  /** Resets all connections and stops listening. */
  dispose(): Promise<void>;
}

/** What all connections of a proxy go through. */
interface Network {
  readonly paused: Set<Direction>;
  readonly connections: Set<OpenConnection>;
  delayMs: number;
  isRefusing: boolean;
}

interface OpenConnection extends ProxiedConnection {
  /** Delivers what is due. */
  readonly flush: () => void;
}

/** Listens on a free port of 127.0.0.1. */
export async function createFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const network: Network = {
    paused: new Set(),
    connections: new Set(),
    delayMs: 0,
    isRefusing: false,
  };
  const listener = createServer({ allowHalfOpen: true }, (client) => {
    if (network.isRefusing) client.resetAndDestroy();
    else openConnection(client, network, options);
  }).listen(0, "127.0.0.1");
  await once(listener, "listening");

  const cut = (): void => {
    for (const connection of network.connections) connection.cut();
  };
  return {
    host: "127.0.0.1",
    port: (listener.address() as AddressInfo).port,
    get connectionCount() {
      return network.connections.size;
    },
    get delayMs() {
      return network.delayMs;
    },
    set delayMs(value) {
      network.delayMs = value;
    },
    cut,
    refuse() {
      network.isRefusing = true;
      cut();
    },
    pause(direction) {
      network.paused.add(direction);
    },
    blackHole() {
      network.paused.add("toServer");
      network.paused.add("toClient");
    },
    heal() {
      network.isRefusing = false;
      network.paused.clear();
      for (const { flush } of network.connections) flush();
    },
    async dispose() {
      cut();
      listener.close();
      await once(listener, "close");
    },
  };
}

function openConnection(
  client: Socket,
  network: Network,
  { target, createFilter }: FaultProxyOptions,
): void {
  const server = connect({ ...target, allowHalfOpen: true });
  const lanes = {
    toServer: createLane("toServer", server, network),
    toClient: createLane("toClient", client, network),
  };
  const connection: OpenConnection = {
    send: (direction, bytes) => lanes[direction].add(bytes),
    flush() {
      lanes.toServer.flush();
      lanes.toClient.flush();
    },
    cut() {
      network.connections.delete(connection);
      client.resetAndDestroy();
      server.resetAndDestroy();
    },
  };
  network.connections.add(connection);
  const filter = createFilter?.(connection) ?? connection.send;
  for (const [socket, direction] of [
    [client, "toServer"],
    [server, "toClient"],
  ] as const) {
    socket.setNoDelay(true);
    socket.on("data", (bytes) => filter(direction, bytes));
    socket.on("end", () => lanes[direction].add(undefined));
    // A reset goes on as an end, and waits as one.
    socket.on("error", () => lanes[direction].add(undefined));
    socket.on("close", () => {
      if (client.closed && server.closed) network.connections.delete(connection);
    });
  }
}

interface Lane {
  /** `undefined` is the end of the stream. */
  readonly add: (bytes: Buffer | undefined) => void;
  readonly flush: () => void;
}

/** Delivers in order of arrival: as many chunks as delays are over, while the direction is not paused. */
function createLane(direction: Direction, destination: Socket, network: Network): Lane {
  const waiting: (Buffer | undefined)[] = [];
  let dueCount = 0;
  const flush = (): void => {
    for (; dueCount > 0 && !network.paused.has(direction); dueCount -= 1) {
      const bytes = waiting.shift();
      if (bytes === undefined) destination.end();
      else destination.write(bytes);
    }
  };
  const release = (): void => {
    dueCount += 1;
    flush();
  };
  return {
    flush,
    add(bytes) {
      waiting.push(bytes);
      if (network.delayMs > 0) setTimeout(release, network.delayMs);
      else release();
    },
  };
}
