import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { type Config, ConfigError, loadConfig } from '../../src/config/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'token-budget-config-'));
after(() => rmSync(directory, { recursive: true, force: true }));

/** Where the settings file of this test file is. */
export const FILE = join(directory, 'settings.json');

/** The configuration of a settings file with that text, and of variables over it. */
export function loadText(text: string, env: Record<string, string> = {}): Config {
  writeFileSync(FILE, text);
  return loadConfig({ TOKEN_BUDGET_CONFIG: FILE, ...env });
}

export function loadSettings(settings: unknown, env: Record<string, string> = {}): Config {
  return loadText(JSON.stringify(settings), env);
}

/** The message of the ConfigError that loading gives. */
export function messageOf(load: () => unknown): string {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError && error.code === 'token_budget_config') return error.message;
    throw error;
  }
  throw new TypeError('the configuration was taken');
}
