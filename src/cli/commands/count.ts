import type { Command } from 'commander';
import type { CountFileOptions } from '../count-file.ts';

/** Adds `token-budget count FILE`. */
export function addCount(program: Command): void {
  program
    .command('count')
    .argument('<file>', 'a request body (JSON), a batch file (JSON lines), or any text; - reads stdin')
    .option('--model <name>', "the model (default: the request's own)")
    .option('--output <tokens>', 'output tokens to price for each request')
    .option('--config <file>', 'a settings file with prices (default: TOKEN_BUDGET_CONFIG)')
    .option('--json', 'print JSON')
    .description('count the input tokens of a file, and price them')
    .action(async (file: string, options: CountFileOptions) => {
      const { countFile } = await import('../count-file.ts');
      countFile(file, options);
    });
}
