import { isBuiltin } from 'node:module';
import { componentsOf, type Graph, graphOf, shortestCircle } from './graph.ts';
import type { Layer } from './layers.ts';
import type { Exceptions, Rules } from './rules.ts';
import { folderOf, type Import, type SourceFile } from './source-file.ts';

/** A rule, and each violation of it in one line. */
export interface Check {
  readonly rule: string;
  /** How much was looked at, where that says something. */
  readonly of?: string;
  readonly violations: readonly string[];
}

interface Link extends Import {
  readonly from: SourceFile;
}

interface InternalLink extends Link {
  readonly file: string;
}

/** Holds the files to the rules. A module started by its URL is another program: it makes no circle and crosses no layer. */
export function checkStructure(files: readonly SourceFile[], rules: Rules): Check[] {
  const links: Link[] = files.flatMap((from) => from.imports.map((one) => ({ ...one, from })));
  const internal = links.filter((link): link is InternalLink => link.file !== undefined);
  const imported = internal.filter(({ started }) => !started);
  const used = new Set<string>();
  const unless = (exceptions: Exceptions, key: string): boolean => {
    if (exceptions[key] !== undefined) used.add(key);
    return exceptions[key] === undefined;
  };
  const checks = [
    filesInFolders(files, rules, unless),
    fileCircles(imported),
    folderCircles(imported),
    pastAnIndex(internal, rules, unless),
    layers(
      links.filter(({ started }) => !started),
      rules,
    ),
    unknownFolders(files, rules),
    duplicateClasses(files),
    longFiles(files, rules, unless),
    undocumented(files),
    bareWords(files, rules, unless),
  ];
  return [...checks, staleExceptions(rules, used)];
}

type Unless = (exceptions: Exceptions, key: string) => boolean;

function filesInFolders(
  files: readonly SourceFile[],
  { mostFiles, wideFolders }: Rules,
  unless: Unless,
): Check {
  const folders = Map.groupBy(files, ({ path }) => folderOf(path));
  const wide = [...folders].filter(
    ([folder, held]) => held.length > mostFiles && unless(wideFolders, folder),
  );
  return {
    rule: `folders of more than ${mostFiles} files (index.ts included)`,
    of: `${folders.size} folders`,
    violations: wide.map(([folder, held]) => `${folder || '.'}: ${held.length} files`),
  };
}

function fileCircles(imports: readonly InternalLink[]): Check {
  const graph = graphOf(imports.map(({ from, file }) => [from.path, file]));
  return {
    rule: 'circles of imports between files (types included)',
    of: `${imports.length} imports`,
    violations: componentsOf(graph).map((component) => describeCircle(graph, component)),
  };
}

/**
 * At every level the members of a folder, files and sub-folders, import each other in one direction only. Each
 * import counts once: between the two members through which it leaves their common folder and enters it again.
 */
function folderCircles(imports: readonly InternalLink[]): Check {
  const edges = imports.map((link) => ({ link, members: membersOf(link.from.path, link.file) }));
  const graph = graphOf(edges.map(({ members }) => members));
  const through = (from: string, to: string) => {
    const example = edges.find(({ members }) => members[0] === from && members[1] === to)?.link;
    return `\n      ${from} → ${to}, e.g. ${example?.from.path} imports ${example?.file}`;
  };
  return {
    rule: 'circles between the members of a folder',
    of: `${graph.size} files and folders`,
    violations: componentsOf(graph).map((component) => describeCircle(graph, component, through)),
  };
}

/** The members of the deepest common folder that two files are in. */
function membersOf(from: string, to: string): readonly [from: string, to: string] {
  const one = from.split('/');
  const other = to.split('/');
  let depth = 0;
  while (depth < Math.min(one.length, other.length) - 1 && one[depth] === other[depth]) depth += 1;
  return [one.slice(0, depth + 1).join('/'), other.slice(0, depth + 1).join('/')];
}

function describeCircle(
  graph: Graph,
  component: readonly string[],
  through: (from: string, to: string) => string = () => '',
): string {
  const circle = shortestCircle(graph, component);
  const steps = circle.slice(1).map((to, index) => through(circle[index] ?? '', to));
  const shortest = component.length > 2 ? `; the shortest: ${circle.join(' → ')}` : '';
  return `${component.length}: ${component.join(', ')}${shortest}${steps.join('')}`;
}

/** A file imports those of its own folder and of the folders around it; of any other folder the index alone. */
function pastAnIndex(links: readonly InternalLink[], { entryModules }: Rules, unless: Unless): Check {
  const outside = links.filter(({ from, file }) => {
    const folder = folderOf(file);
    return folder !== '' && folder !== folderOf(from.path) && !from.path.startsWith(`${folder}/`);
  });
  const past = outside.filter(({ file }) => !file.endsWith('/index.ts') && unless(entryModules, file));
  return {
    rule: 'imports past an index',
    of: `${outside.length} imports of another folder`,
    violations: past.map(({ from, file }) => `${from.path} imports ${file}`),
  };
}

function layers(links: readonly Link[], rules: Rules): Check {
  const violations = links.flatMap(({ from, file, specifier }) => {
    const layer = layerOf(folderOf(from.path), rules.layers);
    if (layer === undefined) return [];
    if (file === undefined) {
      const allowed = isBuiltin(specifier) || layer.packages.some((name) => isOf(name, specifier));
      return allowed ? [] : [`${from.path} imports ${specifier}; ${describePackages(layer)}`];
    }
    const target = layerOf(folderOf(file), rules.layers);
    if (target === undefined || target === layer) return [];
    const allowed = layer.imports.some((name) => isUnder(folderOf(file), name));
    return allowed
      ? []
      : [
          `${from.path} imports ${file}; ${layer.folder || '.'} imports ${layer.imports.join(', ') || 'no other layer'}`,
        ];
  });
  return { rule: 'imports across layers (layers.ts)', of: `${rules.layers.length} layers`, violations };
}

function describePackages({ folder, packages }: Layer): string {
  return `${folder || '.'} imports ${packages.join(', ') || 'no package'}`;
}

/** Whether a specifier is of a package, or of a scope (`@opentelemetry/*`). */
function isOf(name: string, specifier: string): boolean {
  return name.endsWith('/*')
    ? specifier.startsWith(name.slice(0, -1))
    : `${specifier}/`.startsWith(`${name}/`);
}

function isUnder(folder: string, parent: string): boolean {
  return `${folder}/`.startsWith(`${parent}/`);
}

/** The deepest layer that holds a folder; that of the entries holds the top alone. */
function layerOf(folder: string, all: readonly Layer[]): Layer | undefined {
  return all
    .filter((layer) => (layer.folder === '' ? folder === '' : isUnder(folder, layer.folder)))
    .sort((one, other) => other.folder.length - one.folder.length)[0];
}

function unknownFolders(files: readonly SourceFile[], rules: Rules): Check {
  const folders = Map.groupBy(files, ({ path }) => folderOf(path));
  const unknown = [...folders].filter(([folder]) => layerOf(folder, rules.layers) === undefined);
  return {
    rule: 'folders of no layer (layers.ts)',
    violations: unknown.map(([folder, held]) => `${folder}: ${held.length} files`),
  };
}

function duplicateClasses(files: readonly SourceFile[]): Check {
  const all = files.flatMap(({ path, classes }) => classes.map((name) => ({ path, name })));
  const twice = [...Map.groupBy(all, ({ name }) => name)].filter(([, places]) => places.length > 1);
  return {
    rule: 'class names used twice',
    of: `${all.length} classes`,
    violations: twice.map(([name, places]) => `${name}: ${places.map(({ path }) => path).join(', ')}`),
  };
}

function longFiles(
  files: readonly SourceFile[],
  { mostLines, longFiles: excepted }: Rules,
  unless: Unless,
): Check {
  const long = files.filter(({ path, lines }) => lines > mostLines && unless(excepted, path));
  return {
    rule: `files of more than ${mostLines} lines`,
    of: `${files.length} files`,
    violations: long.map(({ path, lines }) => `${path}: ${lines} lines`),
  };
}

function undocumented(files: readonly SourceFile[]): Check {
  const all = files.flatMap(({ path, exports }) => exports.map((one) => ({ ...one, path })));
  const without = Map.groupBy(
    all.filter(({ isDocumented }) => !isDocumented),
    ({ path }) => path,
  );
  return {
    rule: 'exported names without a docstring',
    of: `${all.length} names`,
    violations: [...without].flatMap(([path, names]) => names.map(({ name }) => `${path}: ${name}`)),
  };
}

function bareWords(files: readonly SourceFile[], { bareWords: excepted }: Rules, unless: Unless): Check {
  const functions = files.flatMap(({ path, exports }) =>
    exports.filter(({ isFunction }) => isFunction).map(({ name }) => ({ path, name })),
  );
  const bare = functions.filter(({ name }) => /^[a-z]+$/.test(name) && unless(excepted, name));
  return {
    rule: 'exported functions named by one bare word',
    of: `${functions.length} functions`,
    violations: bare.map(({ path, name }) => `${path}: ${name}`),
  };
}

function staleExceptions(rules: Rules, used: ReadonlySet<string>): Check {
  const { wideFolders, longFiles: long, entryModules, bareWords: bare } = rules;
  const listed = [wideFolders, long, entryModules, bare].flatMap(Object.keys);
  return {
    rule: 'exceptions that are not needed (rules.ts)',
    of: `${listed.length} exceptions`,
    violations: listed.filter((key) => !used.has(key)),
  };
}
