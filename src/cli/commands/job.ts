import type { Command } from 'commander';
import type { JobFlags, JobListFlags } from '../job.ts';

/** `token-budget job run FILE`, `resume ID` and `list`. */
export function addJob(program: Command): void {
  const job = program.command('job').description('run long jobs on a budget and resume them after a crash');
  const run = job
    .command('run')
    .argument('<file>', 'a module whose default export is a job: defineJob({ name, steps })')
    .option('--id <id>', 'names the job; resumes it if it exists')
    .description('run the job of a file');
  addRunOptions(run).action(async (file: string, flags: JobFlags) => {
    const { runJobCommand, withConfigErrors } = await import('../job.ts');
    await withConfigErrors(() => runJobCommand(file, flags));
  });
  const resume = job
    .command('resume')
    .argument('<id>', 'the id of a job that was stopped or killed')
    .description('resume a job after its last completed step; a budget replaces the old one');
  addRunOptions(resume).action(async (id: string, flags: JobFlags) => {
    const { resumeJobCommand, withConfigErrors } = await import('../job.ts');
    await withConfigErrors(() => resumeJobCommand(id, flags));
  });
  const list = job.command('list').description('list saved jobs');
  addListOptions(list).action(async (flags: JobListFlags) => {
    const { listJobsCommand } = await import('../job.ts');
    await listJobsCommand(flags);
  });
}

function addRunOptions(command: Command): Command {
  return addListOptions(
    command
      .option(
        '--work-minutes <n>',
        'minutes of work, an amount of money and not a clock: 240 are $10 (default, without a budget: 15)',
      )
      .option('--cost <usd>', 'USD; takes precedence over --work-minutes')
      .option('--tokens <n>', 'tokens, input plus output; applies in addition to the others')
      .option('--model <name>', 'the model whose output price converts money to tokens')
      .option('--unit <unit>', 'tokens (at the output price, the default) or cost (money)')
      .option('--wall-clock', 'make --work-minutes a limit of elapsed time as well')
      .option('--input <json>', 'the input of the job')
      .option('--repeat <steps...>', 'interrupted steps of once: true that may run again'),
  );
}

function addListOptions(command: Command): Command {
  return command
    .option('--directory <path>', 'where jobs are saved (default: .token-budget)')
    .option(
      '--store <store>',
      'memory, sqlite:PATH, or the URL of a Redis (default: SQLite in the directory)',
    )
    .option('--json', 'print JSON');
}
