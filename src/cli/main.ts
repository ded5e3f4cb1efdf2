#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { ConfigError } from '../config/index.ts';
import { VERSION } from '../util/index.ts';
import { COMMANDS } from './commands/index.ts';
import { EXIT, UsageError } from './exit.ts';

/** The `token-budget` command; a part of it is loaded when it is called. */
async function main(args: readonly string[]): Promise<void> {
  const program = new Command('token-budget')
    .description('A budget for Node programs that call OpenAI.')
    .version(VERSION)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text) })
    .showHelpAfterError('(--help tells what is taken)');
  for (const add of COMMANDS) add(program);
  await program.parseAsync([...args], { from: 'user' });
}

// What reads our output may go away before its end, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = codeOf(error);
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Of a price that is not known it speaks as to a program that makes a call.
  return error.message.replace(', so the call was not sent.', '.');
}

/** What a failure is to the shell, told in one line where it is not ours. */
function codeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const message = messageOf(error);
  process.stderr.write(`token-budget: ${message}\n`);
  if (error instanceof UsageError) return EXIT.usage;
  return error instanceof ConfigError ? EXIT.config : EXIT.failed;
}
