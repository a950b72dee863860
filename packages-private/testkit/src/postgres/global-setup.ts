// For `globalSetup` of vitest.config.ts.
import { openMainServerDoor, type MainServerDoor } from "./main-server-door.ts";

let door: MainServerDoor;

export async function setup(): Promise<void> {
  door = await openMainServerDoor();
}

export async function teardown(): Promise<void> {
  await door.dispose();
}
