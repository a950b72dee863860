import type { Chance } from "../ports/chance.ts";
import type { Clock } from "../ports/clock.ts";
import type { StateAdapter } from "../ports/state-adapter.ts";
import type { Telemetry } from "../ports/tracing.ts";
import type { MergedJobTypes } from "../types/merge-job-types.ts";
import type { Middleware } from "../types/middleware.ts";
import type { EventSink } from "./event-sink.ts";
import type { NotifyChannel } from "./notify-channel.ts";
import type { SignalSender } from "./signals.ts";

/** What the engine's use cases work with: the ports, and what is known about the job types. One for each client. */
export interface EngineContext<TTransaction = unknown> {
  readonly state: StateAdapter<TTransaction>;
  readonly channel: NotifyChannel;
  readonly jobTypes: MergedJobTypes;
  readonly middleware: readonly Middleware<unknown>[];
  readonly clock: Clock;
  readonly chance: Chance;
  readonly events: EventSink;
  readonly telemetry: Telemetry | undefined;
  readonly signals: SignalSender;
  /** The most outcomes in one exchange of a worker. */
  readonly exchangeSizeMax: number;
  /** Makes chain ids that grow with time. */
  readonly nextChainId: () => string;
}
