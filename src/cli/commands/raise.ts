import type { Command } from 'commander';
import type { RaiseOptions } from '../budgets/index.ts';
import { addStoreOptions } from './shared.ts';

/** `token-budget raise NAME --usd 5`. */
export function addRaise(program: Command): void {
  addStoreOptions(program.command('raise').argument('<name>', 'the name of a budget'))
    .option('--usd <amount>', 'by how many USD')
    .option('--tokens <count>', 'by how many tokens')
    .option('--calls <count>', 'by how many calls')
    .option('--minutes <minutes>', 'by how many minutes')
    .option('--json', 'as JSON')
    .description('raise limits of a budget, in all processes at once')
    .addHelpText('after', '\nA budget with a window is raised for its present window.')
    .action(async (name: string, options: RaiseOptions) => {
      const { raiseBudget } = await import('../budgets/index.ts');
      await raiseBudget(name, options);
    });
}
