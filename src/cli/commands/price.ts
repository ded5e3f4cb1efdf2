import type { Command } from 'commander';

/** Adds `token-budget price MODEL`. */
export function addPrice(program: Command): void {
  program
    .command('price')
    .argument('<model>', 'the name of a model, as requests spell it')
    .option('--config <file>', 'a settings file with prices (default: TOKEN_BUDGET_CONFIG)')
    .option('--json', 'print JSON')
    .description('show the prices of a model in USD per million tokens')
    .action(async (model: string, options: { config?: string; json?: boolean }) => {
      const [{ showPrice }, { loadConfig }, { environmentOf }] = await Promise.all([
        import('../show-price.ts'),
        import('../../config/index.ts'),
        import('../store-option.ts'),
      ]);
      const { prices, unknownModel } = loadConfig(environmentOf(options));
      showPrice(model, { prices, unknownModel, json: options.json === true });
    });
}
