import type { Command } from 'commander';
import { addCount } from './count.ts';
import { addDoctor } from './doctor.ts';
import { addJob } from './job.ts';
import { addConfirm, addRaise, addReset } from './ledger/index.ts';
import { addPrice } from './price.ts';
import { addReport } from './report.ts';
import { addRun } from './run.ts';
import { addStatus } from './status.ts';
import { addTop } from './top.ts';

/**
 * Every subcommand, in the order of the help. Each declares its options here, and loads its code when it is
 * called.
 */
export const COMMANDS: readonly ((program: Command) => void)[] = [
  addRun,
  addJob,
  addStatus,
  addTop,
  addReport,
  addRaise,
  addReset,
  addConfirm,
  addCount,
  addPrice,
  addDoctor,
];
