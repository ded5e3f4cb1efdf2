import type { Command } from 'commander';
import type { TopOptions } from '../budgets/index.ts';
import { addStoreOptions } from './shared.ts';

/** `token-budget top`. */
export function addTop(program: Command): void {
  addStoreOptions(program.command('top'))
    .option('--interval <seconds>', 'seconds between two looks', '2')
    .description('a live table of the budgets of a shared ledger; q quits')
    .action(async (options: TopOptions) => {
      const { showTop } = await import('../budgets/index.ts');
      await showTop(options);
    });
}
