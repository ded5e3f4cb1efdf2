import type { Command } from 'commander';
import type { DoctorOptions } from '../doctor/index.ts';
import { addStoreOptions } from './shared.ts';

/** Adds `token-budget doctor`. */
export function addDoctor(program: Command): void {
  addStoreOptions(
    program
      .command('doctor')
      .argument('[command...]', 'a command of yours to start and check as well, after --'),
  )
    .option('--model <name...>', 'models whose prices must be known')
    .option('--wait <seconds>', 'how long the command may run before doctor ends it', '10')
    .option('--json', 'print JSON')
    .description('check the set-up of this project, or of a command that it starts, and suggest fixes')
    .addHelpText(
      'after',
      '\nThe output of the command goes to stderr.' + '\n\nExample: token-budget doctor -- node agent.js',
    )
    .passThroughOptions()
    .action(async (command: string[], options: DoctorOptions) => {
      const { runDoctor } = await import('../doctor/index.ts');
      await runDoctor(options, command);
    });
}
