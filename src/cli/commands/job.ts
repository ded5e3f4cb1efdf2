import type { Command } from 'commander';
import type { JobFlags } from '../job.ts';

/** `token-budget job run FILE`, `resume ID` and `list`. */
export function addJob(program: Command): void {
  const job = program.command('job').description('long jobs within a budget, which survive their process');
  const run = job
    .command('run')
    .argument('<file>', 'a module whose default export is a job: defineJob({ name, steps })')
    .option('--id <id>', 'names the job; one that is there already goes on')
    .description('run the job of a file');
  spending(run).action(async (file: string, words: JobFlags) => {
    const work = await import('../job.ts');
    await work.asSettings(() => work.runJobCommand(file, words));
  });
  const resume = job
    .command('resume')
    .argument('<id>', 'of a job that was stopped or killed')
    .description('go on with a job after its last completed step; with a budget, that holds from now on');
  spending(resume).action(async (id: string, words: JobFlags) => {
    const work = await import('../job.ts');
    await work.asSettings(() => work.resumeJobCommand(id, words));
  });
  const list = job.command('list').description('the jobs that are kept');
  place(list).action(async (words: JobFlags) => {
    const work = await import('../job.ts');
    await work.listJobsCommand(words);
  });
}

function spending(command: Command): Command {
  return place(
    command
      .option('--minutes <n>', 'working time: 240 minutes are 10 USD; 15 where no budget is given')
      .option('--cost <usd>', 'USD; goes before the minutes')
      .option('--tokens <n>', 'tokens, input plus output; holds beside the others')
      .option('--model <name>', 'the model whose output price converts money to tokens')
      .option('--unit <unit>', 'tokens (at the output price, the default) or cost (money)')
      .option('--wall-clock', 'hold the minutes as time that passes, too')
      .option('--input <json>', 'what the job works on')
      .option('--repeat <steps...>', 'steps that run once and were interrupted, to run again'),
  );
}

function place(command: Command): Command {
  return command
    .option('--directory <path>', 'where jobs are kept (default: .token-budget)')
    .option(
      '--store <store>',
      'memory, sqlite:PATH, or the URL of a Redis (default: SQLite in the directory)',
    )
    .option('--json', 'as JSON');
}
