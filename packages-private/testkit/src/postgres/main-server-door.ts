// One server for a run of many processes, opened when the first of them asks. The process that began the run keeps a
// door, a local socket; those that run the tests find its port in their environment. A run that needs no PostgreSQL
// starts none.
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

import { openMainServer, type MainServer } from "./main-server.ts";

const doorVariable = "QUEUERT_POSTGRES_DOOR";

type DoorAnswer = { readonly url: string } | { readonly error: string };

export interface MainServerDoor {
  /** Closes the door and the server, if one was asked for. */
  dispose(): Promise<void>;
}

/** Lets this process and those that it starts from here on ask for the main server. */
export async function openMainServerDoor(): Promise<MainServerDoor> {
  let asked: Promise<MainServer> | undefined;
  const openOnce = async (): Promise<MainServer> => {
    asked ??= openMainServer().then((server) => {
      console.log(server.description);
      return server;
    });
    return asked;
  };
  const door = createServer((socket) => {
    // Whoever asks says nothing, and may be gone before the answer.
    socket.resume().on("error", () => {});
    void openOnce()
      .then(
        ({ url }): DoorAnswer => ({ url }),
        (error: unknown): DoorAnswer => ({ error: String(error) }),
      )
      .then((answer) => socket.end(JSON.stringify(answer)));
  }).listen(0, "127.0.0.1");
  await once(door, "listening");
  process.env[doorVariable] = String((door.address() as AddressInfo).port);
  return {
    async dispose() {
      delete process.env[doorVariable];
      door.close();
      const server = await asked?.catch(() => undefined);
      await server?.dispose();
    },
  };
}

/** The address of an empty database that the whole run shares: a test makes a schema of its own in it. */
export async function findMainServerUrl(): Promise<string> {
  const port = process.env[doorVariable];
  if (port === undefined)
    throw new Error("There is no main server: the run has to begin with openMainServerDoor().");
  const answer = JSON.parse(await text(connect(Number(port), "127.0.0.1"))) as DoorAnswer;
  if ("error" in answer) throw new Error(answer.error);
  return answer.url;
}
