import type { Command } from 'commander';

/** Adds the options that name a ledger to a subcommand. */
export function addStoreOptions(command: Command): Command {
  return command
    .option('--store <store>', 'sqlite:PATH, or the URL of a Redis (default: TOKEN_BUDGET_STORE)')
    .option('--config <file>', 'a settings file (default: TOKEN_BUDGET_CONFIG)');
}
