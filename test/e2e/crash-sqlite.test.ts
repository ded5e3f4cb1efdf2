import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import { crashRounds } from '../support/crash-rounds.ts';

crashRounds('SQLite', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'otel-token-budget-sqlite-'));
  const path = join(dir, 'ledger.db');
  return {
    setting: `sqlite:${path}`,
    open: () => new SqliteStore(path),
    close: async () => rmSync(dir, { recursive: true, force: true }),
  };
});
