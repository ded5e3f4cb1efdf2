import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Returns the directory for what outlives a process on this host, by the conventions of the system:
 * https://specifications.freedesktop.org/basedir-spec/latest/ and, on Windows, the local application data.
 */
export function defaultStateDirectory(env: Readonly<Record<string, string | undefined>>): string {
  const isWindows = process.platform === 'win32';
  const base = isWindows ? env['LOCALAPPDATA'] : env['XDG_STATE_HOME'];
  return join(base || join(homedir(), isWindows ? 'AppData/Local' : '.local/state'), 'otel-token-budget');
}
