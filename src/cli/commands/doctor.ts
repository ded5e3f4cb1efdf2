import type { Command } from 'commander';
import type { DoctorOptions } from '../doctor/index.ts';
import { addStoreOptions } from './shared.ts';

/** Adds `token-budget doctor`. */
export function addDoctor(program: Command): void {
  addStoreOptions(program.command('doctor'))
    .option('--model <name...>', 'models whose prices must be known')
    .option('--json', 'print JSON')
    .description('check the set-up of this project and suggest fixes')
    .action(async (options: DoctorOptions) => {
      const { runDoctor } = await import('../doctor/index.ts');
      await runDoctor(options);
    });
}
