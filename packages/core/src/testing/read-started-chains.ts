import { decodeJson } from "../model/json-codec.ts";
import type { StateReads } from "../ports/state-reads.ts";
import type { TestChain } from "./test-client-api.ts";

/** A label that a chain was started with. */
export interface ChainLabel {
  readonly key: string;
  readonly value: string;
}

const pageSize = 200;

/** The chains of these types, or of all, with this label, or with any; with their inputs, oldest first. */
export async function readStartedChains(
  state: StateReads<never>,
  filter: { readonly types: readonly string[] | undefined; readonly label: ChainLabel | undefined },
): Promise<readonly TestChain[]> {
  const chains: TestChain[] = [];
  for (let after: string | undefined; ;) {
    const page = await state.listChains({ filter, order: "oldest", after, limit: pageSize });
    const roots = await state.getJobs({
      tx: undefined,
      keys: page.map(({ chainId }) => ({ chainId, chainIndex: 0 })),
    });
    page.forEach(({ chainId, type, status, labels, createdAt }, index) => {
      const input = decodeJson(roots[index]?.input, `The input of "${type}"`);
      chains.push({ id: chainId, type, status, input, labels, createdAt });
    });
    if (page.length < pageSize) return chains;
    after = page.at(-1)!.chainId;
  }
}
