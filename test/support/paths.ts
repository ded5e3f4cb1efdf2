import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The directory of the package, without a slash at its end. */
export const REPO_ROOT = join(fileURLToPath(import.meta.url), '..', '..', '..');

const MATRIX = join(REPO_ROOT, 'test', 'matrix');

/** The newest Node that is supported, and the oldest. */
export const NODE_24 = join(REPO_ROOT, 'node_modules', 'node', 'bin', 'node');
export const NODE_22 = join(MATRIX, 'node-22', 'node_modules', 'node', 'bin', 'node');

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
  frameworks: join(MATRIX, 'frameworks'),
  instrumentations: join(MATRIX, 'instrumentations'),
} as const;

export type Workspace = keyof typeof WORKSPACES;

/** The built package, and its preload. */
export const packagePath = join(REPO_ROOT, 'dist', 'index.js');
export const registerPath = join(REPO_ROOT, 'dist', 'register.js');
