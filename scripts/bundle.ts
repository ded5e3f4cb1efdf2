// Part of npm run build
//
// Puts the modules that are loaded together into one file each. Loading a module costs Node a quarter of a millisecond, whatever is in
// it, and of ours there are some 180. Each stays where it was for those who import it by its path, and hands on what is in the bundle,
// so that nothing is there twice.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const DIST = fileURLToPath(new URL('../dist', import.meta.url));

/** Each holds what its entries load and those before it do not: who needs no telemetry, or no hooks, loads none. */
const BUNDLES: Readonly<Record<string, readonly string[]>> = {
  'core.bundle.js': ['budget/index.js', 'config/index.js', 'store/index.js', 'tokens/index.js'],
  'calls.bundle.js': ['openai/call-host.js', 'openai/patches.js', 'openai/realtime/socket-patches.js'],
  'openai.bundle.js': ['openai/index.js'],
  'preload.bundle.js': ['preload.js'],
  'reports.bundle.js': ['otel/index.js'],
  'sdk.bundle.js': ['otel/sdk.js'],
};

const OPTIONS = {
  absWorkingDir: DIST,
  bundle: true,
  format: 'esm',
  // What `sideEffects` says is for bundles of users.
  ignoreAnnotations: true,
  metafile: true,
  outdir: DIST,
  packages: 'external',
  platform: 'node',
  target: 'esnext',
  write: false,
} satisfies BuildOptions;

/** What a module finds beside itself is found from the bundle too. */
const placesKept: Plugin = {
  name: 'places-kept',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\.js$/ }, ({ path }) => {
      const place = `new URL('./${relative(DIST, path)}', import.meta.url).href`;
      return { contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', place) };
    });
  },
};

/** Of each module, the bundle that it is in and what it exports. */
const plan = new Map<string, { readonly bundle: string; readonly names: readonly string[] }>();
for (const [bundle, entries] of Object.entries(BUNDLES)) {
  for (const module of await modulesOf(entries)) {
    if (!plan.has(module)) plan.set(module, { bundle, names: await exportsOf(module) });
  }
}
const files = new Map<string, string>();
for (const bundle of Object.keys(BUNDLES)) files.set(bundle, await bundleOf(bundle));
for (const [module, { bundle }] of plan) files.set(module, handOn(module, relative(dirname(module), bundle)));
for (const [file, text] of files) writeFileSync(join(DIST, file), text);

/** The modules of ours that these load, themselves among them, by their paths in `dist`. */
async function modulesOf(entries: readonly string[]): Promise<string[]> {
  const { metafile } = await build({ ...OPTIONS, entryPoints: [...entries] });
  return Object.keys(metafile.inputs);
}

async function exportsOf(module: string): Promise<string[]> {
  const { metafile } = await build({ ...OPTIONS, entryPoints: [module] });
  return Object.values(metafile.outputs).flatMap((output) => output.exports);
}

/** The bundle, which exports what each of its modules exports, under names of its own. */
async function bundleOf(bundle: string): Promise<string> {
  const lines = [...plan]
    .filter(([, planned]) => planned.bundle === bundle)
    .map(([module, { names }]) => {
      const renamed = names.map((name) => `${name} as ${nameIn(module, name)}`);
      return `export { ${renamed.join(', ')} } from './${module}';`;
    });
  const { outputFiles } = await build({
    ...OPTIONS,
    stdin: { contents: lines.join('\n'), resolveDir: DIST },
    plugins: [ofOthers(bundle), placesKept],
  });
  return withNames(outputFiles.map(({ text }) => text).join(''));
}

/**
 * A class that refers to itself gets an inner name with an underscore, which errors and logs would show: it gets its own back. (esbuild's
 * `keepNames` would do it at run time, and for each closure, each time that it is made.)
 */
function withNames(text: string): string {
  const renamed = [...text.matchAll(/^var (\w+) = class _\1\b/gm)].map(([, name]) => String(name));
  return renamed.reduce((before, name) => before.replace(new RegExp(`\\b_${name}\\b`, 'g'), name), text);
}

/** The module in the place of one that is in a bundle. */
function handOn(module: string, path: string): string {
  const names = plan.get(module)?.names.map((name) => `${nameIn(module, name)} as ${name}`) ?? [];
  return `export { ${names.join(', ')} } from '${path.startsWith('.') ? path : `./${path}`}';\n`;
}

function nameIn(module: string, name: string): string {
  return `${module.replace(/\.js$/, '').replace(/\W/g, '_')}__${name}`;
}

/** What is in another bundle is imported from there. */
function ofOthers(bundle: string): Plugin {
  return {
    name: 'of-others',
    setup: ({ onLoad, onResolve }) => {
      onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
        if (path.slice(2) in BUNDLES) return { path, external: true };
        const module = relative(DIST, join(resolveDir, path));
        return plan.get(module)?.bundle === bundle ? undefined : { path: module, namespace: 'other' };
      });
      onLoad({ filter: /^/, namespace: 'other' }, ({ path }) => ({
        contents: handOn(path, plan.get(path)?.bundle ?? path),
        resolveDir: DIST,
      }));
    },
  };
}
