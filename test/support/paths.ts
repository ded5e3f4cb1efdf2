import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The directory of the package, without a slash at its end. */
export const REPO_ROOT = join(fileURLToPath(import.meta.url), '..', '..', '..');

const MATRIX = join(REPO_ROOT, 'test', 'matrix');

/** The Node of npm scripts, which `TEST_NODE=26 .ci/run` replaces by another, and the oldest that is supported. */
export const NODE = nodeOf(REPO_ROOT);
export const NODE_22 = nodeOf(join(MATRIX, 'node-22'));

/** Directories from which `openai` resolves to a version of it. */
export const OPENAI_VERSIONS = {
  '4-oldest': join(MATRIX, 'openai-4-oldest'),
  '4': join(MATRIX, 'openai-4'),
  '5': join(MATRIX, 'openai-5'),
  '6': join(MATRIX, 'openai-6'),
  '7': REPO_ROOT,
} as const;

export type OpenaiVersion = keyof typeof OPENAI_VERSIONS;

/** What tests of other packages install. */
export const WORKSPACES = {
  'ai-sdk': join(MATRIX, 'ai-sdk'),
  'exit-3': join(MATRIX, 'exit-3'),
  'exit-4': join(MATRIX, 'exit-4'),
  frameworks: join(MATRIX, 'frameworks'),
  instrumentations: join(MATRIX, 'instrumentations'),
} as const;

export type Workspace = keyof typeof WORKSPACES;

/** The built package, and its preload. */
export const packagePath = join(REPO_ROOT, 'dist', 'index.js');
export const registerPath = join(REPO_ROOT, 'dist', 'register.js');

/** The program of the `node` package that a directory resolves: npm installs it there or, if the versions match, above. */
function nodeOf(directory: string): string {
  const manifest = createRequire(join(directory, 'package.json')).resolve('node/package.json');
  return join(dirname(manifest), 'bin', 'node');
}
