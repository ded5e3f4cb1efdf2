import type { Command } from 'commander';
import type { ResetOptions } from '../../budgets/index.ts';
import { addStoreOptions } from '../shared.ts';

/** Adds `token-budget reset NAME`. */
export function addReset(program: Command): void {
  addStoreOptions(program.command('reset').argument('<name>', 'the name of a budget'))
    .option('--json', 'print JSON')
    .description('reset a budget: spending to zero, raises removed')
    .addHelpText(
      'after',
      '\nOpen calls are still charged when they settle. Of a budget with a window, the current window is reset.',
    )
    .action(async (name: string, options: ResetOptions) => {
      const { resetBudget } = await import('../../budgets/index.ts');
      await resetBudget(name, options);
    });
}
