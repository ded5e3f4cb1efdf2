import type { Command } from 'commander';
import type { TopOptions } from '../budgets/index.ts';
import { addStoreOptions } from './shared.ts';

/** Adds `token-budget top`. */
export function addTop(program: Command): void {
  addStoreOptions(program.command('top'))
    .option('--interval <seconds>', 'seconds between updates', '2')
    .description('show the budgets of a shared ledger live; q quits')
    .action(async (options: TopOptions) => {
      const { showTop } = await import('../budgets/index.ts');
      await showTop(options);
    });
}
