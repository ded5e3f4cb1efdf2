import type { Command } from 'commander';

/** The options by which a subcommand finds the ledger. */
export function addStoreOptions(command: Command): Command {
  return command
    .option('--store <store>', 'sqlite:PATH, or the URL of a Redis; TOKEN_BUDGET_STORE where absent')
    .option('--config <file>', 'a settings file; TOKEN_BUDGET_CONFIG where absent');
}
