import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The directory of the package, without a slash at its end. */
export const REPO_ROOT = join(fileURLToPath(import.meta.url), '..', '..', '..');

const MATRIX = join(REPO_ROOT, 'test', 'matrix');

/** The Node of npm scripts, which `TEST_NODE=26 .ci/run` replaces by another. */
export const NODE = nodeOf(REPO_ROOT);
export const NODE_22 = nodeOf(join(MATRIX, 'node-22'));
/** The oldest Node that is supported, and the oldest of the next line: their hooks of modules differ. */
export const OLDEST_NODES = {
  'Node 22.12': nodeOf(join(MATRIX, 'node-22-oldest')),
  'Node 24.0': nodeOf(join(MATRIX, 'node-24-oldest')),
} as const;

/** Releases that are too old for this package. */
export const FORMER_NODES = {
  'Node 18': nodeOf(join(MATRIX, 'node-18')),
  'Node 20': nodeOf(join(MATRIX, 'node-20')),
} as const;

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
  'dd-trace': join(MATRIX, 'dd-trace'),
  'exit-3': join(MATRIX, 'exit-3'),
  'exit-4': join(MATRIX, 'exit-4'),
  frameworks: join(MATRIX, 'frameworks'),
  instrumentations: join(MATRIX, 'instrumentations'),
  next: join(MATRIX, 'next'),
  'otel-auto': join(MATRIX, 'otel-auto'),
  'otel-sdk-1-api-1.4': join(MATRIX, 'otel-sdk-1-api-1.4'),
  'otel-sdk-1.30': join(MATRIX, 'otel-sdk-1.30'),
  'otel-sdk-2.0': join(MATRIX, 'otel-sdk-2.0'),
  'otel-sdk-2.12': join(MATRIX, 'otel-sdk-2.12'),
  runners: join(MATRIX, 'runners'),
  'sentry-10': join(MATRIX, 'sentry-10'),
  'sentry-11': join(MATRIX, 'sentry-11'),
  'sentry-8': join(MATRIX, 'sentry-8'),
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
