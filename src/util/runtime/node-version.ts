/**
 * Says why a program cannot run here; undefined if it can.
 * @param versions those of the process
 * @param range the supported releases of Node, from package.json
 */
export function describeNodeProblem(
  versions: Readonly<Record<string, string | undefined>>,
  range: string,
): string | undefined {
  const { node = '', bun, deno } = versions;
  const install = 'install one of these, or select it with your version manager.';
  // Both state a release of Node that they imitate.
  if (bun !== undefined) return `got Bun ${bun}, expected Node ${range}: ${install}`;
  if (deno !== undefined) return `got Deno ${deno}, expected Node ${range}: ${install}`;
  return satisfiesRange(node, range) ? undefined : `got Node ${node}, expected ${range}: ${install}`;
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
