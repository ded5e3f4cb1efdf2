import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { type Config, ConfigError, loadConfig } from '../../src/config/index.ts';

const directory = mkdtempSync(join(tmpdir(), 'token-budget-config-'));
after(() => rmSync(directory, { recursive: true, force: true }));

/** The settings file of this test file. */
export const FILE = join(directory, 'settings.json');

/** Loads the configuration from a settings file with that text, and from variables that override it. */
export function loadText(text: string, env: Record<string, string> = {}): Config {
  writeFileSync(FILE, text);
  return loadConfig({ TOKEN_BUDGET_CONFIG: FILE, ...env });
}

export function loadSettings(settings: unknown, env: Record<string, string> = {}): Config {
  return loadText(JSON.stringify(settings), env);
}

/** Returns the message of the ConfigError that loading throws. */
export function messageOf(load: () => unknown): string {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError && error.code === 'token_budget_config') return error.message;
    throw error;
  }
  throw new TypeError('the configuration was accepted');
}
