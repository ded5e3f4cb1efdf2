import { MANIFEST } from '../util/index.ts';

/** The releases of Node and of the openai SDK that are supported, as package.json has them. */
export const SUPPORTED_VERSIONS = {
  node: MANIFEST.engines.node,
  openai: MANIFEST.peerDependencies.openai,
} as const;

/** Why this Node cannot be used; undefined where it can. */
export function describeNodeProblem(version: string): string | undefined {
  return satisfiesRange(version, SUPPORTED_VERSIONS.node)
    ? undefined
    : `Node ${version} is not supported; taken is ${SUPPORTED_VERSIONS.node}. Install one of these, or choose it with your version manager.`;
}

/**
 * Whether a version is in a range of the kinds that package.json uses: `^1.2.3`, `>=1.2 <3`, and `||` between them. A pre-release
 * counts as the release that it comes before.
 */
export function satisfiesRange(version: string, range: string): boolean {
  const parts = partsOf(version);
  return range.split('||').some((one) =>
    one
      .trim()
      .split(/\s+/)
      .every((bound) => within(parts, bound)),
  );
}

function within(version: readonly number[], bound: string): boolean {
  const [, sign = '', text = ''] = /^(\^|>=|<)?(.+)$/.exec(bound) ?? [];
  const limit = partsOf(text);
  if (sign === '<') return compare(version, limit) < 0;
  return compare(version, limit) >= 0 && (sign !== '^' || version[0] === limit[0]);
}

function partsOf(version: string): number[] {
  const [major = 0, minor = 0, patch = 0] = (version.split('-')[0] ?? '').split('.').map(Number);
  return [major, minor, patch];
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((part, index) => part !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}
