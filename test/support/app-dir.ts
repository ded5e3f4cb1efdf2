import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OPENAI_VERSIONS, type OpenaiVersion, REPO_ROOT, WORKSPACES, type Workspace } from './paths.ts';

/** A directory of an application: the files of test/apps, and a `node_modules` with one version of openai. */
export interface AppDir {
  readonly path: string;
  /** Writes a file into it and returns its path. */
  readonly write: (name: string, content: string) => string;
  readonly remove: () => void;
}

export function makeAppDir(openai: OpenaiVersion = '7'): AppDir {
  const path = mkdtempSync(join(tmpdir(), 'otel-token-budget-app-'));
  cpSync(join(REPO_ROOT, 'test', 'apps'), path, { recursive: true });
  symlinkSync(join(OPENAI_VERSIONS[openai], 'node_modules'), join(path, 'node_modules'));
  return appDir(path);
}

/**
 * A directory of an application that has what a workspace of test/matrix installs, this package, and openai: the version
 * given, else the one that the workspace resolves to.
 */
export function makeWorkspaceDir(workspace: Workspace, openai?: OpenaiVersion): AppDir {
  const cache = join(WORKSPACES[workspace], '.cache');
  mkdirSync(cache, { recursive: true });
  const path = mkdtempSync(join(cache, 'app-'));
  mkdirSync(join(path, 'node_modules'));
  symlinkSync(REPO_ROOT, join(path, 'node_modules', 'otel-token-budget'));
  if (openai !== undefined) {
    const version = join(OPENAI_VERSIONS[openai], 'node_modules', 'openai');
    symlinkSync(version, join(path, 'node_modules', 'openai'));
  }
  return appDir(path);
}

function appDir(path: string): AppDir {
  // Files without a kind of their own are ES modules.
  writeFileSync(join(path, 'package.json'), '{ "type": "module" }');
  return {
    path,
    write: (name, content) => {
      writeFileSync(join(path, name), content);
      return join(path, name);
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
