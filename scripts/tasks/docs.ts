// Lists what can be imported from a package and has no doc comment. Reads the built declarations, as an editor does.
import { listPublishedPackages } from "../lib/packages.ts";
import { readSurface } from "../lib/surface.ts";

let passed = 0;
let failed = 0;
for (const published of listPublishedPackages()) {
  for (const { specifier, exported } of readSurface(published)) {
    for (const { name, isDocumented, file } of exported) {
      if (isDocumented) {
        passed += 1;
      } else {
        failed += 1;
        console.log(`${specifier}: ${name} has no doc comment (${published.folder}/${file})`);
      }
    }
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
