import type { Command } from 'commander';
import type { StatusOptions } from '../budgets/index.ts';
import { addStoreOptions } from './shared.ts';

/** Adds `token-budget status [NAME...]`. */
export function addStatus(program: Command): void {
  addStoreOptions(program.command('status').argument('[name...]', 'the budgets to show (default: all)'))
    .option('--json', 'print JSON')
    .description('show the budgets of a shared ledger')
    .action(async (names: string[], options: StatusOptions) => {
      const { showStatus } = await import('../budgets/index.ts');
      await showStatus(names, options);
    });
}
