import { setTimeout as wait } from "node:timers/promises";

import { isCommit, type LostPart, type PostgresProxy } from "@queuert/testkit/postgres";

import type { Fault, FaultScope } from "./fault.ts";

/** Which statements lose a part: those of the adapter are known by the function that they call. */
const statements: Readonly<Record<string, (sql: string) => boolean>> = {
  COMMIT: isCommit,
  exchange: (sql) => sql.includes('exchange"('),
  settle: (sql) => sql.includes('settle"('),
  start: (sql) => sql.includes('start_chains"('),
};

/** A connection breaks at a statement: before the server has it, or before its answer is there. */
export const loseStatement: Fault = {
  everyMs: [50, 400],
  async strike({ random, network, count }) {
    const name = random.pick(Object.keys(statements));
    const part: LostPart = random.isTrue(0.7) ? "reply" : "request";
    const isLost = random.pick(network).loseNext(part, statements[name]);
    // Nobody may say it for a while.
    const outcome = await Promise.race([isLost.then(() => "lost"), wait(1_000)]);
    if (outcome === "lost") count(`${part} of ${name} lost`);
  },
};

/** The network of one process, or of all, is not what it was, for a while. */
export const disturbNetwork: Fault = {
  everyMs: [300, 1_500],
  async strike(scope) {
    const { random, network, count } = scope;
    const name = random.pick(Object.keys(disturbances));
    const victims = random.isTrue(0.15) ? network : [random.pick(network)];
    count(name, victims.length);
    await disturbances[name]!(victims, scope);
    for (const proxy of victims) {
      proxy.delayMs = 0;
      proxy.heal();
    }
  },
};

type Disturbance = (victims: readonly PostgresProxy[], scope: FaultScope) => Promise<void>;

const disturbances: Readonly<Record<string, Disturbance>> = {
  async cut(victims) {
    for (const proxy of victims) proxy.cut();
  },
  async refuse(victims, { random }) {
    for (const proxy of victims) proxy.refuse();
    await wait(random.between(100, 2_000));
  },
  async delay(victims, { random }) {
    for (const proxy of victims) proxy.delayMs = random.between(1, 100);
    await wait(random.between(500, 2_000));
  },
  async "half-open to server"(victims, { random }) {
    for (const proxy of victims) proxy.pause("toServer");
    await wait(random.between(200, 3_000));
  },
  async "half-open to client"(victims, { random }) {
    for (const proxy of victims) proxy.pause("toClient");
    await wait(random.between(200, 3_000));
  },
  async "black hole"(victims, { random }) {
    for (const proxy of victims) proxy.blackHole();
    await wait(random.between(200, 3_000));
  },
  /** The server does not learn of it, and keeps what the process had locked. */
  async "death in a black hole"(victims, { fleet, network }) {
    for (const proxy of victims) proxy.blackHole();
    const places = victims
      .map((proxy) => network.indexOf(proxy))
      .filter((place) => place < fleet.memberCount);
    await Promise.all(places.map(async (place) => fleet.kill(place)));
    await wait(1_000);
  },
};
