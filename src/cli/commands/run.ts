import { type Command, Option } from 'commander';
import type { RunCommandOptions } from '../run-command.ts';

/** Adds `token-budget run -- COMMAND`. */
export function addRun(program: Command): void {
  program
    .command('run')
    .argument('<command...>', 'the command to run, after --: node, npx, tsx, npm, or whatever starts Node')
    .option('--usd <amount>', 'limit in USD')
    .option('--tokens <count>', 'limit in tokens, input plus output')
    .option('--calls <count>', 'limit in calls')
    .option('--minutes <minutes>', 'limit in minutes since the start')
    .addOption(
      new Option('--mode <mode>', 'how strictly the limits are enforced').choices([
        'observe',
        'soft',
        'strict',
      ]),
    )
    .option('--name <name>', 'the name of the budget')
    .option(
      '--store <store>',
      'memory, sqlite:PATH, or the URL of a Redis (default: a temporary ledger of this run)',
    )
    .option('--config <file>', 'a settings file')
    .option('--quiet', "don't print a summary")
    .description('run a command with a budget')
    .addHelpText(
      'after',
      '\nOptions override environment variables, which override the settings file.' +
        "\nThe exit code is the command's own; 126 or 127 if it cannot be run." +
        '\n\nExample: token-budget run --usd 5 -- node agent.js',
    )
    .passThroughOptions()
    .action(async (command: string[], options: RunCommandOptions) => {
      const { runCommand } = await import('../run-command.ts');
      await runCommand(command, options);
    });
}
