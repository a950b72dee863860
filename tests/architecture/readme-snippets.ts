/** A fenced block of TypeScript in a page of Markdown. */
export interface Snippet {
  /** The line of its fence, from 0. */
  readonly line: number;
  readonly code: readonly string[];
}

/** The blocks fenced as `ts`, in their order. */
export function findSnippets(markdown: string): readonly Snippet[] {
  const snippets: Snippet[] = [];
  let open: { line: number; code: string[] } | undefined;
  for (const [line, text] of markdown.split("\n").entries()) {
    if (open === undefined) {
      if (text === "```ts") open = { line, code: [] };
    } else if (text === "```") {
      snippets.push(open);
      open = undefined;
    } else {
      open.code.push(text);
    }
  }
  return snippets;
}

/**
 * One module of a page: the first snippet as it is, each later one in a block of its own, so that it sees the first and may reuse its
 * names. Imports go to the end, where they hold for the whole module. Code keeps the line numbers of the page.
 */
export function toProgram(snippets: readonly Snippet[]): string {
  const lines: string[] = [];
  const imported = new Map<string, string>();
  for (const [index, { line, code }] of snippets.entries()) {
    lines[line] = index === 0 ? "" : "{";
    for (const [offset, text] of withoutImports(code, imported).entries()) {
      lines[line + 1 + offset] = text;
    }
    lines[line + 1 + code.length] = index === 0 ? "" : "}";
  }
  const imports = [...imported].map(([name, from]) => `import { ${name} } from "${from}";`);
  return [...Array.from(lines, (text) => text ?? ""), ...imports, ""].join("\n");
}

/** Blanks the imports of a snippet and notes what each name is imported from. */
function withoutImports(code: readonly string[], imported: Map<string, string>): string[] {
  const text = code.join("\n");
  const blanked = text.replaceAll(
    /^import \{(?<names>[^}]*)\} from "(?<from>[^"]+)";$/gm,
    (statement: string, names: string, from: string) => {
      for (const name of names.split(",")) {
        if (name.trim() !== "") imported.set(name.trim(), from);
      }
      return "\n".repeat(statement.split("\n").length - 1);
    },
  );
  return blanked.split("\n");
}
