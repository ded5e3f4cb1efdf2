import type { Command } from 'commander';
import type { ConfirmOptions } from '../../budgets/index.ts';
import { addStoreOptions } from '../shared.ts';

/** Adds `token-budget confirm`. */
export function addConfirm(program: Command): void {
  addStoreOptions(program.command('confirm'))
    .option('--json', 'print JSON')
    .description('accept a ledger that has lost data as it is, and admit calls again')
    .addHelpText(
      'after',
      '\nWhat was lost is not charged. An SQLite file that was deleted is created again, at zero.',
    )
    .action(async (options: ConfirmOptions) => {
      const { confirmLedger } = await import('../../budgets/index.ts');
      await confirmLedger(options);
    });
}
