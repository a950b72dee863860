import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { createFaultProxy, type Direction, type FaultProxy } from "./fault-proxy.ts";

let server: Server;
let accepted: Socket[];
let clients: Socket[];
let proxy: FaultProxy;
/** What has come to the proxy. */
let arrived: Record<Direction, string>;

/** Sends back what it gets, and keeps its side open until it is told otherwise. */
beforeEach(async () => {
  accepted = [];
  clients = [];
  arrived = { toServer: "", toClient: "" };
  server = createServer({ allowHalfOpen: true }, (socket) => {
    accepted.push(socket);
    socket.on("error", () => {});
    socket.on("data", (bytes) => socket.write(bytes));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  proxy = await createFaultProxy({
    target: addressOfServer(),
    createFilter: (connection) => (direction, bytes) => {
      arrived[direction] += String(bytes);
      connection.send(direction, bytes);
    },
  });
});
afterEach(async () => {
  vi.useRealTimers();
  await proxy.dispose();
  for (const socket of [...clients, ...accepted]) socket.destroy();
  server.close();
});

function addressOfServer(): { readonly host: string; readonly port: number } {
  return { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
}

function dial({ host, port }: { readonly host: string; readonly port: number } = proxy): Socket {
  const client = connect(port, host).on("error", () => {});
  clients.push(client);
  return client;
}

async function open(): Promise<Socket> {
  const client = dial();
  await once(client, "connect");
  return client;
}

async function receive(socket: Socket): Promise<string> {
  const [bytes] = (await once(socket, "data")) as [Buffer];
  return String(bytes);
}

/** Comes back when the other end of a healthy connection has answered: what went before has been dealt with. */
async function roundTrip(socket: Socket): Promise<void> {
  socket.write("ping");
  expect(await receive(socket)).toBe("ping");
}

/** Long enough for what the proxy has sent on to arrive: a round trip that it has no part in. */
async function passTime(): Promise<void> {
  await roundTrip(dial(addressOfServer()));
}

/** What has been received from here on. */
function collect(socket: Socket): () => string {
  let text = "";
  socket.on("data", (bytes) => {
    text += String(bytes);
  });
  return () => text;
}

/** Asks again with each turn of the event loop: also when timers stand still. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => void setImmediate(resolve));
}

async function closed(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    let code: string | undefined;
    socket.on("error", (error: NodeJS.ErrnoException) => {
      code = error.code;
    });
    socket.on("close", () => resolve(code));
  });
}

describe("a fault proxy", () => {
  it("delivers both ways, and the ends", async () => {
    const client = await open();
    await roundTrip(client);
    expect(proxy.connectionCount).toBe(1);
    const [serverSide] = accepted;
    client.end();
    await once(serverSide as Socket, "end");
    serverSide?.end();
    await closed(client);
    await until(() => proxy.connectionCount === 0);
  });

  it("cuts all connections and accepts new ones", async () => {
    const both = [await open(), await open()];
    for (const client of both) await roundTrip(client);
    const ended = Promise.all(both.map(closed));
    proxy.cut();
    expect(await ended).toEqual(["ECONNRESET", "ECONNRESET"]);
    await roundTrip(await open());
  });

  it("refuses connections until it is healed", async () => {
    proxy.refuse();
    const refused = dial();
    expect(await closed(refused)).toBe("ECONNRESET");
    proxy.heal();
    await roundTrip(await open());
  });

  it("holds what goes to the server, and delivers it in order when it is healed", async () => {
    const client = await open();
    await roundTrip(client);
    const atServer = collect(accepted[0] as Socket);
    proxy.pause("toServer");
    client.write("held");
    await until(() => arrived.toServer.endsWith("held"));
    // The other direction still works: what the server says by itself arrives.
    accepted[0]?.write("news");
    expect(await receive(client)).toBe("news");
    expect(atServer()).toBe("");
    proxy.heal();
    expect(await receive(client)).toBe("held");
  });

  it("holds what goes to the client alone", async () => {
    const client = await open();
    await roundTrip(client);
    const atClient = collect(client);
    proxy.pause("toClient");
    client.write("asked");
    await until(() => arrived.toClient.endsWith("asked"));
    await passTime();
    expect(atClient()).toBe("");
    proxy.heal();
    await until(() => atClient() === "asked");
  });

  it("is a black hole: accepts, delivers nothing, and keeps the server's side open when the client is gone", async () => {
    const client = await open();
    await roundTrip(client);
    const atServer = vi.fn<() => void>();
    accepted[0]?.on("end", atServer).on("close", atServer);
    proxy.blackHole();
    const late = await open();
    late.write("nobody hears");
    const gone = closed(client);
    client.destroy();
    await gone;
    accepted[0]?.write("news");
    await until(
      () => arrived.toServer.endsWith("nobody hears") && arrived.toClient.endsWith("news"),
    );
    await passTime();
    expect(atServer).not.toHaveBeenCalled();
    expect(proxy.connectionCount).toBe(2);
    proxy.heal();
    expect(await receive(late)).toBe("nobody hears");
    await until(() => atServer.mock.calls.length > 0);
  });

  it("delays, and keeps the order", async () => {
    const client = await open();
    await roundTrip(client);
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    const [atServer, atClient] = [collect(accepted[0] as Socket), collect(client)];
    proxy.delayMs = 1000;
    client.write("slow");
    await until(() => vi.getTimerCount() === 1);
    // What comes later waits for what came before, even when it travels faster.
    proxy.delayMs = 500;
    client.write("er");
    await until(() => vi.getTimerCount() === 2);
    expect(atServer()).toBe("");
    proxy.delayMs = 0;
    vi.advanceTimersByTime(1000);
    await until(() => atClient() === "slower");
    expect(atServer()).toBe("slower");
  });

  it("ends a connection whose server is not there", async () => {
    server.close();
    await once(server, "close");
    const client = dial();
    await closed(client);
    await until(() => proxy.connectionCount === 0);
    expect(accepted).toEqual([]);
  });

  it("lets a filter decide what is sent on", async () => {
    const filtering = await createFaultProxy({
      target: addressOfServer(),
      createFilter: (connection) => (direction, bytes) => {
        if (String(bytes) === "cut") connection.cut();
        else
          connection.send(
            direction,
            direction === "toServer" ? Buffer.from(`<${String(bytes)}>`) : bytes,
          );
      },
    });
    const client = dial(filtering);
    client.write("hello");
    expect(await receive(client)).toBe("<hello>");
    const ended = closed(client);
    client.write("cut");
    expect(await ended).toBe("ECONNRESET");
    await filtering.dispose();
  });
});
