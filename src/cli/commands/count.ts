import type { Command } from 'commander';
import type { CountFileOptions } from '../count-file.ts';

/** `token-budget count FILE --model MODEL`. */
export function addCount(program: Command): void {
  program
    .command('count')
    .argument('<file>', 'a request body (JSON), a batch (JSON lines), or any text; - for stdin')
    .option('--model <name>', "the model; the request's own where absent")
    .option('--output <tokens>', 'output tokens of each request, to be priced as well')
    .option('--config <file>', 'a settings file with prices; TOKEN_BUDGET_CONFIG where absent')
    .option('--json', 'as JSON')
    .description('how many input tokens a file has, and what they cost')
    .action(async (file: string, options: CountFileOptions) => {
      const { countFile } = await import('../count-file.ts');
      countFile(file, options);
    });
}
