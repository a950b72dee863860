// The programs whose cost is measured. Each defines job types, makes a client, awaits some chains and handles every type.

/** A program of one file, as a user would write it. */
export interface Case {
  readonly name: string;
  readonly source: string;
  /** Whether its instantiations are pinned. */
  readonly isPinned: boolean;
}

interface Definition {
  readonly isEntry?: boolean;
  readonly hasOutput?: boolean;
  readonly next?: readonly string[];
  readonly blockers?: Readonly<Record<string, string>>;
}

type Form = "types" | "json" | "zod";

const input = "{ n: number; id: string }";
const output = "{ done: number }";
const given = `{ n: 1, id: "x" }`;
const quote = (value: unknown): string => JSON.stringify(value);
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

const head = `import { createClient, createWorker, defineHandlers, defineJobTypes, json, type StateAdapter } from "./api.ts";
type Transaction = { query(text: string): Promise<void> };
declare const state: StateAdapter<Transaction>;
`;

/** Every case, in the order of the table. */
export function createCases(): Case[] {
  return [
    createCase("empty", linear(1), { hasHandlers: false }),
    ...[10, 100, 500, 1_000].map((count) =>
      createCase(`linear-${count}`, linear(count), { isPinned: count === 100 }),
    ),
    ...[100, 500].map((count) =>
      createCase(`linear-json-${count}`, linear(count), { form: "json", isPinned: count === 100 }),
    ),
    ...[100, 500].map((count) => createCase(`linear-zod-${count}`, linear(count), { form: "zod" })),
    createCase("branched-4x3", branched(), { isPinned: true }),
    createCase("blockers-25", waiting(25), { isPinned: true, awaited: ["main"] }),
    createCase("loops-50", loops(50), { awaited: Object.keys(loops(50)) }),
    createCase("flat-1000", flat(1_000), { awaited: ["t0", "t999"] }),
    createCase("chains-200x5", chains(200, 5), {
      awaited: numbers(200).map((chain) => `c${chain}.s0`),
    }),
    { name: "slices-20x50", source: slices(20, 50), isPinned: true },
  ];
}

function createCase(
  name: string,
  definitions: Readonly<Record<string, Definition>>,
  options: { form?: Form; awaited?: readonly string[]; hasHandlers?: boolean; isPinned?: boolean },
): Case {
  const {
    form = "types",
    awaited = [Object.keys(definitions)[0] ?? ""],
    hasHandlers = true,
    isPinned = false,
  } = options;
  const source = [
    form === "zod" ? `import { z } from "zod";\n` : "",
    head,
    form === "types" ? writeTypes("jobTypes", definitions) : writeValues(definitions, form),
    `const client = await createClient({ jobTypes, state });\n`,
    ...(hasHandlers ? awaited : []).map((type) => writeAwait(type, definitions[type])),
    hasHandlers ? `createWorker(client, { handlers: {\n${writeHandlers(definitions)}} });\n` : "",
    "export {};\n",
  ].join("");
  return { name, source, isPinned };
}

function writeTypes(
  name: string,
  definitions: Readonly<Record<string, Definition>>,
  other = "",
): string {
  const lines = Object.entries(definitions).map(([type, definition]) => {
    const fields = [
      definition.isEntry ? "entry: true" : "",
      `input: ${input}`,
      definition.hasOutput ? `output: ${output}` : "",
      definition.next ? `continueWith: ${definition.next.map(quote).join(" | ")}` : "",
      definition.blockers
        ? `blockers: { ${Object.entries(definition.blockers)
            .map(([slot, blocker]) => `${slot}: ${quote(blocker)}`)
            .join("; ")} }`
        : "",
    ];
    return `  ${quote(type)}: { ${fields.filter(Boolean).join("; ")} };\n`;
  });
  return `interface ${name}Shape {\n${lines.join("")}}\nconst ${name} = defineJobTypes<${name}Shape${other}>();\n`;
}

function writeValues(
  definitions: Readonly<Record<string, Definition>>,
  form: "json" | "zod",
): string {
  const [inputSchema, outputSchema] =
    form === "json"
      ? [`json<${input}>()`, `json<${output}>()`]
      : [`z.object({ n: z.number(), id: z.string() })`, `z.object({ done: z.number() })`];
  const lines = Object.entries(definitions).map(([type, definition]) => {
    const fields = [
      definition.isEntry ? "entry: true" : "",
      `input: ${inputSchema}`,
      definition.hasOutput ? `output: ${outputSchema}` : "",
      definition.next ? `continueWith: ${quote(definition.next)}` : "",
    ];
    return `  ${quote(type)}: { ${fields.filter(Boolean).join(", ")} },\n`;
  });
  return `const jobTypes = defineJobTypes({\n${lines.join("")}});\n`;
}

function writeAwait(type: string, definition: Definition | undefined): string {
  const blockers = definition?.blockers ? ", blockers: null as never" : "";
  return `{ const chain = await client.startChain({ tx: "autocommit", type: ${quote(type)}, input: ${given}${blockers} });
  const done = await client.awaitChain({ chain }); const output: ${output} = done.output; }\n`;
}

function writeHandlers(definitions: Readonly<Record<string, Definition>>): string {
  return Object.entries(definitions)
    .map(([type, definition]) => {
      const next = definition.next?.[0];
      const end =
        next === undefined
          ? `({ done: job.input.n })`
          : `continueWith({ type: ${quote(next)}, input: { ...job.input } })`;
      const reads = Object.keys(definition.blockers ?? {}).map(
        (slot) => `job.blockers.${slot}.output.done`,
      );
      const body =
        reads.length === 0 ? end : `{ const read = [${reads.join(", ")}]; return ${end}; }`;
      return `  ${quote(type)}: async ({ job, continueWith }) => ${body},\n`;
    })
    .join("");
}

const end: Definition = { hasOutput: true };

function linear(count: number): Record<string, Definition> {
  return Object.fromEntries(
    numbers(count).map((index) => [
      `step${index}`,
      { isEntry: index === 0, ...(index === count - 1 ? end : { next: [`step${index + 1}`] }) },
    ]),
  );
}

/** Four levels of three ways each: 121 types. */
function branched(name = "r", level = 0): Record<string, Definition> {
  const next = level < 4 ? numbers(3).map((way) => `${name}.${way}`) : [];
  return Object.assign(
    { [name]: { isEntry: level === 0, ...(next.length === 0 ? end : { next }) } },
    ...next.map((child) => branched(child, level + 1)),
  ) as Record<string, Definition>;
}

function waiting(count: number): Record<string, Definition> {
  const slots = Object.fromEntries(numbers(count).map((index) => [`s${index}`, `b${index}`]));
  return {
    ...Object.fromEntries(
      numbers(count).map((index) => [`b${index}`, { isEntry: true, hasOutput: true }]),
    ),
    main: { isEntry: true, hasOutput: true, blockers: slots },
  };
}

function loops(count: number): Record<string, Definition> {
  return Object.fromEntries(
    numbers(count).map((index) => {
      const next = [(index + 1) % count, index, (index + count / 2) % count].map(
        (other) => `l${other}`,
      );
      return [`l${index}`, { isEntry: true, hasOutput: true, next }];
    }),
  );
}

function flat(count: number): Record<string, Definition> {
  return Object.fromEntries(
    numbers(count).map((index) => [`t${index}`, { isEntry: true, hasOutput: true }]),
  );
}

function chains(count: number, length: number): Record<string, Definition> {
  return Object.fromEntries(
    numbers(count).flatMap((chain) =>
      numbers(length).map((step) => [
        `c${chain}.s${step}`,
        {
          isEntry: step === 0,
          ...(step === length - 1 ? end : { next: [`c${chain}.s${step + 1}`] }),
        },
      ]),
    ),
  );
}

/** Each slice refers to the next one and has handlers of its own. */
function slices(count: number, size: number): string {
  const definitions = numbers(count).map((slice) =>
    Object.fromEntries(
      numbers(size).map((index) => {
        const next =
          index % 5 < 4
            ? `s${slice}.t${index + 1}`
            : slice < count - 1
              ? `s${slice + 1}.t0`
              : undefined;
        return [
          `s${slice}.t${index}`,
          { isEntry: index % 5 === 0, ...(next === undefined ? end : { next: [next] }) },
        ];
      }),
    ),
  );
  return [
    head,
    ...definitions.map((slice, index) =>
      writeTypes(`slice${index}`, slice, index < count - 1 ? `, slice${index + 1}Shape` : ""),
    ),
    `const client = await createClient({ jobTypes: [${numbers(count)
      .map((index) => `slice${index}`)
      .join(", ")}], state });\n`,
    writeAwait("s0.t0", undefined),
    ...definitions.map(
      (slice, index) =>
        `const handlers${index} = defineHandlers(client, slice${index}, {\n${writeHandlers(slice)}});\n`,
    ),
    `createWorker(client, { handlers: [${numbers(count)
      .map((index) => `handlers${index}`)
      .join(", ")}] });\nexport {};\n`,
  ].join("");
}
