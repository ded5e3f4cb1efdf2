import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { instrument, type TracedFunction } from './instrument.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const RUNTIME = 'runtime.js';

/** A function of src. */
export interface SourceFunction extends TracedFunction {
  /** From src, e.g. `budget/limits.ts`. */
  readonly file: string;
}

/** A place in the build, as a stack has it. */
export interface Place {
  /** From the folder of the build. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The entry of a function, as the build records it. */
export interface Entry {
  readonly id: number;
  /** Where it was called, if a function of the build called it. */
  readonly caller?: Place;
}

/** An unbundled build of src whose functions say that they are entered. */
export interface Build {
  /** Path of a module that the package exports, e.g. `./jobs`. */
  readonly exported: (name: string) => string;
  /** By their numbers. */
  readonly functions: readonly SourceFunction[];
  /** The number of the innermost function at a place. */
  readonly functionAt: (place: Place) => number | undefined;
}

/** Builds src into a folder that is gone when the process ends. Packages are found beside it. */
export function buildTraced(): Build {
  const folder = mkdtempSync(join(tmpdir(), 'otel-token-budget-trace-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  compile(join(folder, 'dist'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  copyFileSync(fileURLToPath(new URL(RUNTIME, import.meta.url)), join(folder, RUNTIME));
  return { exported: (name) => exportOf(folder, name), ...instrumentAll(folder) };
}

function compile(outDir: string): void {
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [
    compiler,
    '-p',
    'tsconfig.build.json',
    '--outDir',
    outDir,
    '--declaration',
    'false',
    '--emitDeclarationOnly',
    'false',
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`src does not compile:\n${stdout}${stderr}`);
}

function exportOf(folder: string, name: string): string {
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    exports: Readonly<Record<string, { readonly default: { readonly default: string } }>>;
  };
  const path = exports[name]?.default.default;
  if (path === undefined) throw new Error(`the package exports no ${name}`);
  return join(folder, path);
}

function instrumentAll(folder: string): Pick<Build, 'functions' | 'functionAt'> {
  const functions: SourceFunction[] = [];
  const modules = new Map<
    string,
    { readonly lineStarts: readonly number[]; readonly ids: readonly number[] }
  >();
  const dist = join(folder, 'dist');
  const paths = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.js'),
  );
  for (const path of paths.map((one) => one.split(sep).join('/')).sort()) {
    const at = join(dist, path);
    const runtime = posix.join(relative(dirname(at), folder).split(sep).join('/'), RUNTIME);
    const done = instrument(
      readFileSync(at, 'utf8'),
      `import { enter as __enter } from '${runtime}';`,
      functions.length,
    );
    writeFileSync(at, done.text);
    const lineStarts = [0, ...[...done.text.matchAll(/\n/g)].map(({ index }) => index + 1)];
    modules.set(`dist/${path}`, {
      lineStarts,
      ids: done.functions.map((_, index) => functions.length + index),
    });
    functions.push(...done.functions.map((one) => ({ ...one, file: path.replace(/\.js$/, '.ts') })));
  }
  const functionAt = ({ file, line, column }: Place): number | undefined => {
    const { lineStarts = [], ids = [] } = modules.get(file) ?? {};
    const offset = (lineStarts[line - 1] ?? 0) + column - 1;
    // They are in the order in which they begin, so the last that holds the place is the innermost.
    return ids.findLast((id) => {
      const held = functions[id];
      return held !== undefined && held.start <= offset && offset < held.end;
    });
  };
  return { functions, functionAt };
}
