import { parseSync, Visitor } from "oxc-parser";

export interface ImportEdge {
  readonly specifier: string;
  /** Whether the import is gone at run time: `import type`, `export type`, `import("…").T` in a type. */
  readonly isTypeOnly: boolean;
}

export interface SourceModule {
  /** Relative to the repository, with forward slashes. */
  readonly path: string;
  readonly imports: readonly ImportEdge[];
  readonly hasDefaultExport: boolean;
  /** Whether it reads the process's clock: `new Date()`, `Date()`. A date of a given instant is none. */
  readonly hasAmbientTime: boolean;
  /** A dynamic import of something other than a literal cannot be checked. */
  readonly hasUnknownImport: boolean;
}

/** Reads what a module imports from its syntax tree, so that comments and strings are never taken for imports. */
export function readModule(path: string, source: string): SourceModule {
  const { program, errors } = parseSync(path, source);
  if (errors.length > 0) {
    throw new Error(`${path}: ${errors.map(({ message }) => message).join("; ")}`);
  }
  const imports: ImportEdge[] = [];
  let hasDefaultExport = false;
  let hasUnknownImport = false;
  let hasAmbientTime = false;
  const isDate = (callee: { readonly type: string; readonly name?: unknown }): boolean =>
    callee.type === "Identifier" && callee.name === "Date";
  new Visitor({
    ImportDeclaration(node) {
      // `import { type A }` keeps the import itself at run time; only `import type` erases it.
      imports.push({ specifier: node.source.value, isTypeOnly: node.importKind === "type" });
    },
    ExportNamedDeclaration(node) {
      if (node.source !== null) {
        imports.push({ specifier: node.source.value, isTypeOnly: node.exportKind === "type" });
      }
      hasDefaultExport ||= node.specifiers.some(
        ({ exported }) => exported.type === "Identifier" && exported.name === "default",
      );
    },
    ExportAllDeclaration(node) {
      imports.push({ specifier: node.source.value, isTypeOnly: node.exportKind === "type" });
    },
    ExportDefaultDeclaration() {
      hasDefaultExport = true;
    },
    ImportExpression(node) {
      if (node.source.type === "Literal" && typeof node.source.value === "string") {
        imports.push({ specifier: node.source.value, isTypeOnly: false });
      } else {
        hasUnknownImport = true;
      }
    },
    NewExpression(node) {
      hasAmbientTime ||= isDate(node.callee) && node.arguments.length === 0;
    },
    CallExpression(node) {
      hasAmbientTime ||= isDate(node.callee);
    },
    TSImportType(node) {
      imports.push({ specifier: node.source.value, isTypeOnly: true });
    },
  }).visit(program);
  return { path, imports, hasDefaultExport, hasAmbientTime, hasUnknownImport };
}
