import type { Command } from 'commander';
import type { DoctorOptions } from '../doctor/index.ts';
import { addStoreOptions } from './shared.ts';

/** `token-budget doctor`. */
export function addDoctor(program: Command): void {
  addStoreOptions(program.command('doctor'))
    .option('--model <name...>', 'models whose prices have to be known')
    .option('--json', 'as JSON')
    .description('check what a program in this directory needs, and say how to mend it')
    .action(async (options: DoctorOptions) => {
      const { runDoctor } = await import('../doctor/index.ts');
      await runDoctor(options);
    });
}
