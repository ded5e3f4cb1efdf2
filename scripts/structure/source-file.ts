// What the checks know of a file: whom it imports and what it declares, as the parser of oxc reads it.
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import { type Comment, type Declaration, type Program, parseSync, Visitor } from 'oxc-parser';

/** An import, a re-export, a type import, a dynamic import or the URL of a module that is started, e.g. in a worker. */
export interface Import {
  readonly specifier: string;
  /** Path of the imported file from the root, or `undefined` for a package. */
  readonly file: string | undefined;
  /** Started by its URL rather than imported. */
  readonly started: boolean;
}

/** A name that the file declares and exports. */
export interface ExportedName {
  readonly name: string;
  readonly isFunction: boolean;
  readonly isDocumented: boolean;
}

/** A TypeScript file under the root. */
export interface SourceFile {
  /** From the root, with slashes: `budget/limits.ts`. */
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly Import[];
  readonly classes: readonly string[];
  readonly exports: readonly ExportedName[];
}

/**
 * Reads every `.ts` file under a folder.
 * @param excluded folders to leave out, as paths from the root
 * @throws Error if a file is not TypeScript
 */
export function readSources(root: string, excluded: readonly string[]): SourceFile[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !excluded.some((folder) => path.startsWith(`${folder}/`)))
    .sort()
    .map((path) => readSource(path, readFileSync(join(root, path), 'utf8')));
}

/** The folder of a file: `''` is the root. */
export function folderOf(path: string): string {
  const folder = posix.dirname(path);
  return folder === '.' ? '' : folder;
}

function readSource(path: string, text: string): SourceFile {
  const { program, module, comments, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const statics = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.flatMap((entry) => entry.moduleRequest?.value ?? []),
    ),
  ];
  const specifiers = new Set(statics);
  const started = new Set<string>();
  const classes: string[] = [];
  const addClass = ({ id }: { id: { name: string } | null }) => {
    if (id !== null) classes.push(id.name);
  };
  new Visitor({
    ImportExpression: ({ source }) => {
      if (source.type === 'Literal' && typeof source.value === 'string') specifiers.add(source.value);
    },
    TSImportType: ({ source }) => {
      specifiers.add(source.value);
    },
    NewExpression: ({ start, end }) => {
      const url = /^new URL\(\s*'(\.[^']*\.[jt]s)',\s*import\.meta\.url/.exec(text.slice(start, end));
      if (url?.[1] !== undefined) started.add(url[1]);
    },
    ClassDeclaration: addClass,
    ClassExpression: addClass,
  }).visit(program);
  const importOf = (isStarted: boolean) => (specifier: string) => ({
    specifier,
    file: targetOf(path, specifier),
    started: isStarted,
  });
  return {
    path,
    lines: text.split('\n').length - 1,
    imports: [...[...specifiers].map(importOf(false)), ...[...started].map(importOf(true))],
    classes,
    exports: exportsOf(program, comments, text),
  };
}

/** A module that is started may be named as it is called once built. */
function targetOf(path: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return posix.join(posix.dirname(path), specifier).replace(/\.js$/, '.ts');
}

function exportsOf(program: Program, comments: readonly Comment[], text: string): ExportedName[] {
  const found: (ExportedName & { readonly exported: boolean })[] = [];
  const listed = new Set<string>();
  for (const statement of program.body) {
    const isExport =
      statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration';
    if (statement.type === 'ExportNamedDeclaration' && statement.source === null) {
      for (const { local } of statement.specifiers) if (local.type === 'Identifier') listed.add(local.name);
    }
    const declaration = isExport ? statement.declaration : statement;
    if (declaration === null) continue;
    for (const { name, isFunction } of namesOf(declaration as Declaration)) {
      const isDocumented = hasDocstring(statement.start, comments, text);
      found.push({ name, isFunction, isDocumented, exported: isExport });
    }
  }
  const names = new Set(
    found.filter(({ name, exported }) => exported || listed.has(name)).map(({ name }) => name),
  );
  return [...names].map((name) => {
    const same = found.filter((one) => one.name === name);
    return {
      name,
      isFunction: same.some(({ isFunction }) => isFunction),
      isDocumented: same.some(({ isDocumented }) => isDocumented),
    };
  });
}

function namesOf(node: Declaration): { name: string; isFunction: boolean }[] {
  switch (node.type) {
    case 'FunctionDeclaration':
    case 'TSDeclareFunction':
      return [{ name: node.id?.name ?? 'default', isFunction: true }];
    case 'ClassDeclaration':
      return [{ name: node.id?.name ?? 'default', isFunction: false }];
    case 'TSInterfaceDeclaration':
    case 'TSTypeAliasDeclaration':
      return [{ name: node.id.name, isFunction: false }];
    case 'VariableDeclaration':
      return node.declarations.flatMap(({ id, init }) => {
        const isFunction = init?.type === 'ArrowFunctionExpression' || init?.type === 'FunctionExpression';
        return id.type === 'Identifier' ? [{ name: id.name, isFunction }] : [];
      });
    default:
      return [];
  }
}

/** Whether a docstring with words, not tags alone, is right before the statement; comments of tools may be between. */
function hasDocstring(start: number, comments: readonly Comment[], text: string): boolean {
  const before = comments.findLast(({ end, type }) => end <= start && type === 'Block');
  if (before === undefined || !/^\*[\s*]*[^@\s*]/.test(before.value)) return false;
  return /^(\s|\/\/.*)*$/.test(text.slice(before.end, start));
}
