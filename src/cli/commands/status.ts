import type { Command } from 'commander';
import type { StatusOptions } from '../budgets/index.ts';
import { addStoreOptions } from './shared.ts';

/** `token-budget status [NAME...]`. */
export function addStatus(program: Command): void {
  addStoreOptions(program.command('status').argument('[name...]', 'budgets; all where none is named'))
    .option('--json', 'as JSON')
    .description('the budgets of a shared ledger as they stand')
    .action(async (names: string[], options: StatusOptions) => {
      const { showStatus } = await import('../budgets/index.ts');
      await showStatus(names, options);
    });
}
