// Compiled, not run: which types JSON gives back as they were.
import { z } from "zod";
import type { Json, JsonValue } from "./json.ts";

type IsJson<T> = T extends Json<T> ? true : false;
const yes = <T>(
  _isJson: true extends IsJson<T> ? (false extends IsJson<T> ? false : true) : false,
): void => {};
const no = <T>(_isRefused: false extends IsJson<T> ? true : false): void => {};

interface Address {
  street: string;
  lines?: string[];
  geo?: { lat: number; lng: number } | null;
}
interface Tree {
  value: number;
  children: Tree[];
  parent?: Tree;
}
type Branded = string & { readonly __brand: "Branded" };
const zodBranded = z.object({ id: z.string() }).brand<"Branded">();
declare class Data {
  a: string;
  b: number;
}
declare class WithMethod {
  a: number;
  run(): void;
}
type Union = { kind: "a"; v: string } | { kind: "b"; w?: number | undefined };

yes<string>(true);
yes<Address>(true);
yes<Tree>(true);
yes<Branded>(true);
yes<z.infer<typeof zodBranded>>(true);
yes<Data>(true);
yes<Union>(true);
yes<JsonValue>(true);
yes<any>(true);
yes<{ a: any }>(true);
yes<undefined>(true);
yes<object & { a: 1 }>(true);
yes<readonly [string, number, ...boolean[]]>(true);
yes<Record<string, Address>>(true);
yes<Partial<Address>>(true);
yes<`a-${string}`>(true);

no<Date>(true);
no<{ a: Date | null }>(true);
no<{ a?: Date }>(true);
no<bigint[]>(true);
no<Record<string, bigint>>(true);
no<Map<string, string>>(true);
no<Set<string>>(true);
no<() => void>(true);
no<WithMethod>(true);
no<symbol>(true);
no<unknown>(true);
no<{ a: unknown }>(true);
no<(string | undefined)[]>(true);
no<Uint8Array>(true);
no<ArrayBuffer>(true);
no<Error & { cause: () => void }>(true);
no<Promise<string>>(true);
no<RegExp>(true);
