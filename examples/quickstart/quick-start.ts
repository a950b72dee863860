// One run, from opening the database to the summary. This process is the shop; two others work.
import { describeLocation, isPostgresUrl, openDatabase } from "./database.ts";
import { say, showHeading, showText } from "./output.ts";
import { orderIdOf, type PlacedOrder } from "./scenes.ts";
import { leaseMs } from "./settings.ts";
import { createShopClient } from "./shop-client.ts";
import { createTables } from "./shop.ts";
import { startStaff } from "./staff.ts";
import { openShop, tellStory } from "./story.ts";
import { showSummary } from "./summary.ts";

/** @returns Whether all is as it should be. */
export async function runQuickStart(location: string): Promise<boolean> {
  showHeading("Queuert quick start");
  showText(
    `A shop and its two workers, three processes on one ${isPostgresUrl(location) ? "PostgreSQL database" : "SQLite file"}. Each line: time, process, order.`,
  );
  showText(`Database: ${describeLocation(location)}`);

  const placed: PlacedOrder[] = [];
  const sayNote = (speaker: string, { chainId, text }: { chainId?: string; text: string }): void =>
    say(speaker, placed.find(({ chain }) => chain.id === chainId)?.orderId, text);

  const database = openDatabase(location);
  await database.state.migrate();
  const client = await createShopClient(database, (note) => sayNote("shop", note));
  await client.transaction(async (tx) => createTables(tx));
  const runNumber = await openShop(client);

  let killedName: string | undefined;
  const staff = await startStaff({
    location,
    names: ["anna", "ben"],
    onTold: (told, name) =>
      told.orderId === undefined ? sayNote(name, told) : say(name, told.orderId, told.text),
    onCrashPoint(orderId, name) {
      if (killedName !== undefined || orderId !== orderIdOf(runNumber, "killedWorker"))
        return "goOn";
      killedName = name;
      say("shop", orderId, `kills ${name} (SIGKILL): the charge is written and not committed`);
      say(
        "shop",
        orderId,
        `${name}'s jobs stay ${name}'s until the lease ends, ${leaseMs / 1_000} s at most`,
      );
      return "die";
    },
  });
  try {
    await Promise.race([
      staff.accident,
      tellStory(client, runNumber, (order) => placed.push(order)),
    ]);
  } finally {
    await staff.stop();
  }

  const isRight = await showSummary(client, placed);
  await client.close();
  await database.close();
  return isRight;
}
