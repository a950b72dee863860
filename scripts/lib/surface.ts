// Reads the public surface of a built package from its declarations, as a user's compiler would. It needs a compiler
// with a programming interface, which TypeScript 7 does not have yet, so it uses TypeScript 6 for this alone.
import { relative } from "node:path";

import ts from "typescript-6";

import { listEntryPoints, type PublishedPackage } from "./packages.ts";
import { at } from "./paths.ts";

export interface ExportedDeclaration {
  readonly name: string;
  readonly text: string;
  readonly isDocumented: boolean;
  /** The source of the declaration, relative to the package. */
  readonly file: string;
}

export interface EntryPointSurface {
  /** As a user writes it: `queuert/testing`. */
  readonly specifier: string;
  readonly exported: readonly ExportedDeclaration[];
  /** Declarations of this package that the exported ones mention and that cannot be imported by name. */
  readonly reached: readonly ExportedDeclaration[];
}

const printer = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed });

function isNamedDeclaration(node: ts.Node): boolean {
  return (
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isVariableDeclaration(node) ||
    ts.isEnumDeclaration(node)
  );
}

/** A variable's words, `export declare const`, stand two nodes above it. */
function statementOf(node: ts.Node): ts.Node {
  return ts.isVariableDeclaration(node) ? node.parent.parent : node;
}

function printDeclarations(declarations: readonly ts.Declaration[]): string {
  return declarations
    .map((declaration) => {
      const statement = statementOf(declaration);
      return printer
        .printNode(ts.EmitHint.Unspecified, statement, statement.getSourceFile())
        .replace(/^(?:export )?(?:default )?(?:declare )?/, "");
    })
    .join("\n");
}

function hasDocComment(declarations: readonly ts.Declaration[]): boolean {
  return declarations.some((declaration) =>
    ts.getJSDocCommentsAndTags(statementOf(declaration)).some((node) => {
      const text = ts.isJSDoc(node) ? ts.getTextOfJSDocComment(node.comment) : undefined;
      return text !== undefined && text.trim() !== "";
    }),
  );
}

export function readSurface(published: PublishedPackage): EntryPointSurface[] {
  const { folder, manifest } = published;
  const entryPoints = listEntryPoints(manifest).map(({ name, conditions }) => ({
    specifier: name === "." ? manifest.name : `${manifest.name}${name.slice(1)}`,
    path: at(folder, conditions.types ?? ""),
  }));
  const program = ts.createProgram({
    rootNames: entryPoints.map(({ path }) => path),
    options: {
      target: ts.ScriptTarget.ES2023,
      lib: ["lib.es2023.d.ts"],
      types: ["node"],
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      skipLibCheck: true,
      noEmit: true,
    },
  });
  const checker = program.getTypeChecker();
  const packageRoot = at(folder);

  const resolve = (symbol: ts.Symbol): ts.Symbol =>
    (symbol.flags & ts.SymbolFlags.Alias) !== 0 ? checker.getAliasedSymbol(symbol) : symbol;
  const isOwn = (node: ts.Node): boolean =>
    node.getSourceFile().fileName.startsWith(`${packageRoot}/dist/`);

  const describe = (name: string, symbol: ts.Symbol): ExportedDeclaration => {
    const declarations = symbol.declarations ?? [];
    const [first] = declarations;
    return {
      name,
      text: printDeclarations(declarations),
      isDocumented: hasDocComment(declarations),
      file: first === undefined ? "?" : relative(packageRoot, first.getSourceFile().fileName),
    };
  };

  const importable = new Set<ts.Symbol>();
  const exportsOf = new Map<string, Map<string, ts.Symbol>>();
  for (const { specifier, path } of entryPoints) {
    const source = program.getSourceFile(path);
    const moduleSymbol = source === undefined ? undefined : checker.getSymbolAtLocation(source);
    if (moduleSymbol === undefined)
      throw new Error(`${specifier}: ${path} is missing or no module. Build first.`);
    const symbols = new Map(
      checker.getExportsOfModule(moduleSymbol).map((symbol) => [symbol.name, resolve(symbol)]),
    );
    exportsOf.set(specifier, symbols);
    for (const symbol of symbols.values()) importable.add(symbol);
  }

  const collectReached = (starts: Iterable<ts.Symbol>): Set<ts.Symbol> => {
    const reached = new Set<ts.Symbol>();
    const queue = [...starts];
    const seen = new Set<ts.Symbol>(queue);
    for (let symbol = queue.pop(); symbol !== undefined; symbol = queue.pop()) {
      const visit = (node: ts.Node): void => {
        if (ts.isIdentifier(node)) {
          const found = checker.getSymbolAtLocation(node);
          const target = found === undefined ? undefined : resolve(found);
          const declaration = target?.declarations?.[0];
          if (target !== undefined && declaration !== undefined && !seen.has(target)) {
            if (isOwn(declaration) && isNamedDeclaration(declaration)) {
              seen.add(target);
              queue.push(target);
              if (!importable.has(target)) reached.add(target);
            }
          }
        }
        ts.forEachChild(node, visit);
      };
      for (const declaration of symbol.declarations ?? [])
        if (isOwn(declaration)) visit(declaration);
    }
    return reached;
  };

  const byName = (left: ExportedDeclaration, right: ExportedDeclaration): number =>
    left.name < right.name ? -1 : left.name > right.name ? 1 : left.file < right.file ? -1 : 1;
  return [...exportsOf].map(([specifier, symbols]) => ({
    specifier,
    exported: [...symbols].map(([name, symbol]) => describe(name, symbol)).toSorted(byName),
    reached: [...collectReached(symbols.values())]
      .map((symbol) => describe(symbol.name, symbol))
      .toSorted(byName),
  }));
}

/** The committed text: signatures alone, since prose may change without changing the surface. */
export function printSurface(surfaces: readonly EntryPointSurface[]): string {
  const lines: string[] = [];
  for (const { specifier, exported, reached } of surfaces) {
    lines.push(`## ${specifier}`, "");
    for (const { name, text } of exported) lines.push(`# ${name}`, text, "");
    if (reached.length > 0) {
      lines.push(`## ${specifier}: mentioned above and not importable by name`, "");
      for (const { name, text } of reached) lines.push(`# ${name}`, text, "");
    }
  }
  return `${lines.join("\n").trimEnd()}\n`;
}
