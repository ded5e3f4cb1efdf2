import type { Command } from 'commander';
import { addJob } from './job.ts';
import { addPrice } from './price.ts';

/** Every subcommand, in the order of the help. Each declares its words here and loads its work when it is called. */
export const COMMANDS: readonly ((program: Command) => void)[] = [addPrice, addJob];
