import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PEERS } from './processes.ts';

/**
 * Installs what is compared with, by its lockfile, where that was not done or has changed: 440 MB, which `npm ci` of the repository
 * does not bring.
 */
export function installPeers(say: (line: string) => void): void {
  const lock = readFileSync(join(PEERS, 'package-lock.json'), 'utf8');
  const stamp = join(PEERS, 'node_modules', '.installed-for');
  if (readOr(stamp) === lock) return;
  say('installing bench/peers (440 MB, half a minute)');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], {
    cwd: PEERS,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error('bench/peers could not be installed: see above');
  writeFileSync(stamp, lock);
}

function readOr(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
