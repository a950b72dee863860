import { pickPlace } from "../processes/fleet.ts";
import type { Fault } from "./fault.ts";

/** A process dies at any moment, with its hands full. */
export const kill: Fault = {
  everyMs: [600, 2_500],
  async strike({ random, fleet, count }) {
    await fleet.kill(pickPlace(random, fleet));
    count("SIGKILL");
  },
};

/** A process stands still for longer than its lease, and then goes on as if nothing had happened. */
export const freeze: Fault = {
  everyMs: [200, 1_500],
  async strike({ random, fleet, count }) {
    count("SIGSTOP");
    await fleet.freeze(pickPlace(random, fleet), random.between(300, 3_500));
  },
};

/** A deployment: a process is told to stop, and another comes. */
export const replace: Fault = {
  everyMs: [500, 2_000],
  async strike({ random, fleet, count }) {
    await fleet.replace(pickPlace(random, fleet));
    count("deployment");
  },
};
