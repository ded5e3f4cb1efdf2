import type { Command } from 'commander';

/** `token-budget price MODEL`. */
export function addPrice(program: Command): void {
  program
    .command('price')
    .argument('<model>', 'the name of a model, as a request has it')
    .option('--json', 'as JSON')
    .description('what a model costs, USD per million tokens')
    .action(async (model: string, options: { json?: boolean }) => {
      const { showPrice } = await import('../price.ts');
      showPrice(model, options);
    });
}
