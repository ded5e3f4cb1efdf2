import type { Command } from 'commander';
import type { RaiseOptions } from '../../budgets/index.ts';
import { addStoreOptions } from '../shared.ts';

/** Adds `token-budget raise NAME`. */
export function addRaise(program: Command): void {
  addStoreOptions(program.command('raise').argument('<name>', 'the name of a budget'))
    .option('--usd <amount>', 'USD to add')
    .option('--tokens <count>', 'tokens to add')
    .option('--calls <count>', 'calls to add')
    .option('--minutes <minutes>', 'minutes to add')
    .option('--json', 'print JSON')
    .description('raise limits of a budget, for all processes at once')
    .addHelpText('after', '\nA budget with a window is raised for its current window only.')
    .action(async (name: string, options: RaiseOptions) => {
      const { raiseBudget } = await import('../../budgets/index.ts');
      await raiseBudget(name, options);
    });
}
