import {
  createPostgresBackend,
  createRedisBackend,
  withBackend,
  type FlowJob,
  type Job,
} from "bullmq";
import {
  childCount,
  numberRun,
  poolSizeFor,
  stepCount,
  type JobInput,
  type JobKind,
  type OpenSystem,
  type Place,
} from "../system.ts";

const queueName = "bench";
const openStates = ["wait", "active", "delayed", "prioritized", "waiting-children"] as const;

interface PlacedInput extends JobInput {
  /** The step of a chain, the place of a child; that of a parent is after its children's. */
  readonly position?: number;
}

/** The classes are the same on both stores, their connections are not. */
function bindClasses({ url, namespace }: Place, variant: string) {
  if (variant === "redis") {
    const classes = withBackend(createRedisBackend);
    const { hostname, port, password, pathname } = new URL(url);
    const connection = {
      host: hostname,
      port: Number(port || "6379"),
      password: decodeURIComponent(password),
      db: Number(pathname.slice(1) || "0"),
      // As a worker's connection has to be.
      maxRetriesPerRequest: null,
    };
    const options = { connection, prefix: namespace };
    return {
      createQueue: () => new classes.Queue(queueName, options),
      createFlowProducer: () => new classes.FlowProducer(options),
      createWorker: (concurrency: number, process: (job: Job<PlacedInput>) => Promise<void>) =>
        new classes.Worker<PlacedInput, void>(queueName, process, { ...options, concurrency }),
    };
  }
  const classes = withBackend(createPostgresBackend);
  const connect = (max: number) => ({ connection: { connectionString: url, max } });
  return {
    createQueue: () => new classes.Queue(queueName, connect(20)),
    createFlowProducer: () => new classes.FlowProducer(connect(2)),
    createWorker: (concurrency: number, process: (job: Job<PlacedInput>) => Promise<void>) =>
      new classes.Worker<PlacedInput, void>(queueName, process, {
        ...connect(poolSizeFor(concurrency)),
        concurrency,
      }),
  };
}

export const open: OpenSystem = (place, variant) => {
  const classes = bindClasses(place, variant);
  return {
    async install() {
      if (variant === "redis") return;
      const { Queue } = withBackend(createPostgresBackend);
      const queue = new Queue(queueName, {
        connection: { connectionString: place.url, migrate: true },
      });
      await queue.waitUntilReady();
      await queue.close();
    },

    async openProducer() {
      const queue = classes.createQueue();
      const flows = classes.createFlowProducer();
      await queue.waitUntilReady();
      return {
        async startOne(input) {
          await queue.add("plain", input);
        },
        async startMany(kind, inputs) {
          if (kind === "fan") await flows.addBulk(inputs.map(createFan));
          else await queue.addBulk(inputs.map((data) => ({ name: kind, data })));
        },
        async countOpen() {
          const counts = await queue.getJobCounts(...openStates);
          return Object.values(counts).reduce((sum, count) => sum + count, 0);
        },
        async close() {
          await flows.close();
          await queue.close();
        },
      };
    },

    async startWorker({ kind, concurrency, onRun }) {
      const queue = classes.createQueue();
      const worker = classes.createWorker(concurrency, async ({ data }) => {
        onRun(numberRun(kind, data.index, data.position));
        for (const next of nextSteps(kind, data)) await queue.add(kind, next);
      });
      worker.on("error", (error) => console.error(error));
      await worker.waitUntilReady();
      return {
        async stop() {
          await worker.close();
          await queue.close();
        },
      };
    },

    async remove() {
      if (variant !== "redis") return;
      const queue = classes.createQueue();
      await queue.obliterate({ force: true });
      await queue.close();
    },
  };
};

function createFan(input: JobInput): FlowJob {
  return {
    name: "parent",
    queueName,
    data: { ...input, position: childCount },
    children: Array.from({ length: childCount }, (_, position) => ({
      name: "child",
      queueName,
      data: { ...input, position },
    })),
  };
}

function nextSteps(kind: JobKind, { position = 0, ...input }: PlacedInput): PlacedInput[] {
  return kind === "chain" && position + 1 < stepCount ? [{ ...input, position: position + 1 }] : [];
}
