import { expect } from "./expect.ts";
import { behaviourSuites } from "./behaviour/suites.ts";
import { pairs } from "../../../packages-private/testkit/src/pairs.ts";
const [pairName, suiteName, filter] = process.argv.slice(2);
const pair = pairs.find((p) => p.name === pairName)!;
let failed = 0, passed = 0; const t0 = performance.now();
for (const suite of behaviourSuites) {
  if (suiteName && suiteName !== "all" && suite.name !== suiteName) continue;
  const ts = performance.now();
  for (const c of suite.cases) {
    if (filter && !c.name.includes(filter)) continue;
    if (c.needs && !pair.capabilities.includes(c.needs)) continue;
    if (pairName!.includes("polling") && ["wake-ups", "notify-faults"].includes(suite.name)) continue;
    const t = performance.now();
    let timer: any;
    const store = await pair.createStore();
    const res: any = await Promise.race([c.run(store, expect).then(() => "ok", (e: any) => `FAIL [${e.code ?? ""}] ${e.stack}`), new Promise((r) => { timer = setTimeout(() => r("FAIL hang"), 10_000); })]);
    clearTimeout(timer);
    try { await store.dispose(); } catch {}
    if (res === "ok") passed++; else failed++;
    const ms = Math.round(performance.now() - t);
    if (res !== "ok" || ms > 1500) console.log(`${ms}ms ${res} — ${suite.name}: ${c.name}`);
  }
  console.log(`  ${suite.name} ${Math.round(performance.now() - ts)}ms`);
}
console.log(`${pairName}: ${passed} passed, ${failed} failed, ${Math.round(performance.now() - t0)}ms`);
process.exit(0);
