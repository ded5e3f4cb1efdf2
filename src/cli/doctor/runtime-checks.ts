import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describeNodeProblem, MANIFEST, satisfiesRange } from '../../util/index.ts';
import { type Finding, foundFailure, foundOk, foundSkipped, foundWarning } from './finding.ts';

/** Checks the release of Node. */
export function checkNode(): Finding {
  const problem = describeNodeProblem(process.versions, MANIFEST.engines.node);
  if (problem === undefined) return foundOk('Node', process.versions.node);
  return foundFailure(
    'Node',
    `${process.versions.node} is not supported`,
    `install Node ${MANIFEST.engines.node}`,
  );
}

/** An installed openai SDK. */
export interface OpenaiSdk {
  readonly path: string;
  readonly version: string;
}

/** Finds the openai SDK that a program in a directory would load. */
export function findOpenaiSdk(directory: string): OpenaiSdk | undefined {
  for (let at = directory; ; at = dirname(at)) {
    const path = join(at, 'node_modules', 'openai');
    const manifest = readManifest(path);
    if (manifest !== undefined) return { path, version: String(manifest['version']) };
    if (dirname(at) === at) return undefined;
  }
}

/** Checks the release of the openai SDK. */
export function checkOpenaiSdk(sdk: OpenaiSdk | undefined): Finding {
  if (sdk === undefined) {
    return foundWarning(
      'openai',
      'not found from this directory',
      'run doctor in the directory of your program, or install it: npm install openai',
    );
  }
  if (satisfiesRange(sdk.version, MANIFEST.peerDependencies.openai)) return foundOk('openai', sdk.version);
  return foundFailure(
    'openai',
    `${sdk.version} is not supported`,
    `npm install openai@"${MANIFEST.peerDependencies.openai}"`,
  );
}

/** Reports whether .js files are CommonJS or ES modules here. Both are supported. */
export function checkModuleKind(directory: string): Finding {
  for (let at = directory; ; at = dirname(at)) {
    const manifest = readManifest(at);
    if (manifest !== undefined) {
      const kind = manifest['type'] === 'module' ? 'ES modules' : 'CommonJS';
      return foundOk('Modules', `${kind}, by ${join(at, 'package.json')}; --require and --import work alike`);
    }
    if (dirname(at) === at) return foundSkipped('Modules', 'no package.json: .js files are CommonJS');
  }
}

function readManifest(directory: string): Readonly<Record<string, unknown>> | undefined {
  const path = join(directory, 'package.json');
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}
