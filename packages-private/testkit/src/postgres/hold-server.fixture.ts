// A process that opens a server, says which, and waits to be killed.
import { openTestServer } from "./test-server.ts";

const { pid, folder } = await openTestServer();
console.log(JSON.stringify({ pid, folder }));
