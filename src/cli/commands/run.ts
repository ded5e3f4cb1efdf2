import { type Command, Option } from 'commander';
import type { RunCommandOptions } from '../run-command.ts';

/** `token-budget run -- COMMAND`. */
export function addRun(program: Command): void {
  program
    .command('run')
    .argument('<command...>', 'what to run: node, npx, tsx, npm and whatever starts Node; after --')
    .option('--usd <amount>', 'limit in USD')
    .option('--tokens <count>', 'limit in tokens, input plus output')
    .option('--calls <count>', 'limit in calls')
    .option('--minutes <minutes>', 'limit in minutes since the start')
    .addOption(new Option('--mode <mode>', 'how hard the limits are').choices(['observe', 'soft', 'strict']))
    .option('--name <name>', 'the name of the budget')
    .option(
      '--store <store>',
      'memory, sqlite:PATH, or the URL of a Redis; where none is set, a ledger of the run',
    )
    .option('--config <file>', 'a settings file')
    .option('--quiet', 'no word on what was spent')
    .description('run a command with a budget')
    .addHelpText(
      'after',
      '\nOptions go before the variables of the environment, and these before the settings file.' +
        '\nThe exit code is that of the command; 126 and 127 where it cannot be run.' +
        '\n\nExample: token-budget run --usd 5 -- node agent.js',
    )
    .passThroughOptions()
    .action(async (command: string[], options: RunCommandOptions) => {
      const { runCommand } = await import('../run-command.ts');
      await runCommand(command, options);
    });
}
