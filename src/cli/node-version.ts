import { MANIFEST } from '../util/index.ts';

/** The supported releases of Node and of the openai SDK, as ranges from package.json. */
export const SUPPORTED_VERSIONS = {
  node: MANIFEST.engines.node,
  openai: MANIFEST.peerDependencies.openai,
} as const;

/** Says why a release of Node cannot be used; undefined if it can. */
export function describeNodeProblem(version: string): string | undefined {
  if (satisfiesRange(version, SUPPORTED_VERSIONS.node)) return undefined;
  return `got Node ${version}, expected ${SUPPORTED_VERSIONS.node}: install one of these, or select it with your version manager.`;
}

/**
 * Returns whether a version is in a range. Understands what package.json uses: `^1.2.3`, `>=1.2 <3`, and `||`
 * between them. A pre-release counts as its release.
 */
export function satisfiesRange(version: string, range: string): boolean {
  const parts = parseVersion(version);
  return range.split('||').some((alternative) =>
    alternative
      .trim()
      .split(/\s+/)
      .every((bound) => satisfiesBound(parts, bound)),
  );
}

function satisfiesBound(version: readonly number[], bound: string): boolean {
  const [, operator = '', text = ''] = /^(\^|>=|<)?(.+)$/.exec(bound) ?? [];
  const limit = parseVersion(text);
  if (operator === '<') return compareVersions(version, limit) < 0;
  return compareVersions(version, limit) >= 0 && (operator !== '^' || version[0] === limit[0]);
}

function parseVersion(version: string): number[] {
  const [major = 0, minor = 0, patch = 0] = (version.split('-')[0] ?? '').split('.').map(Number);
  return [major, minor, patch];
}

function compareVersions(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((part, index) => part !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}
