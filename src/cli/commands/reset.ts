import type { Command } from 'commander';
import type { ResetOptions } from '../budgets/index.ts';
import { addStoreOptions } from './shared.ts';

/** `token-budget reset NAME`. */
export function addReset(program: Command): void {
  addStoreOptions(program.command('reset').argument('<name>', 'the name of a budget'))
    .option('--json', 'as JSON')
    .description('begin a budget anew: nothing spent, no grants')
    .addHelpText(
      'after',
      '\nOpen calls are charged when they settle. A budget with a window begins its present one anew.',
    )
    .action(async (name: string, options: ResetOptions) => {
      const { resetBudget } = await import('../budgets/index.ts');
      await resetBudget(name, options);
    });
}
