#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { StoreSetupError } from '../budget/index.ts';
import { ConfigError } from '../config/index.ts';
import { escapeLines, VERSION } from '../util/index.ts';
import { COMMANDS } from './commands/index.ts';
import { EXIT, UsageError } from './exit.ts';
import { printError } from './output.ts';

/** Runs the `token-budget` command. The code of a subcommand is loaded when it is called. */
async function runCli(args: readonly string[]): Promise<void> {
  const program = new Command('token-budget')
    .description('A budget for Node programs that call OpenAI.')
    .version(VERSION)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(escapeLines(text)) })
    .showHelpAfterError('(see --help)');
  for (const add of COMMANDS) add(program);
  await program.parseAsync([...args], { from: 'user' });
}

// The reader of our output may close it early, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

try {
  await runCli(process.argv.slice(2));
} catch (error) {
  process.exitCode = reportError(error);
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // The message of an unknown price is worded for a program that makes a call.
  return error.message.replace(', so the call was not sent.', '.');
}

/** Prints an error on one line, and returns the exit code. Commander has printed its own errors already. */
function reportError(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  printError(messageOf(error));
  if (error instanceof UsageError) return EXIT.usage;
  const isSetup = error instanceof ConfigError || error instanceof StoreSetupError;
  return isSetup ? EXIT.config : EXIT.failed;
}
