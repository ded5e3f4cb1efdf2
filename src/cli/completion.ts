import type { Command } from 'commander';

/** What shells call for their suggestions: a word of the library's. */
const ASKED_BY_SHELLS = 'complete';
const WORD = 'completion';

/**
 * `token-budget completion SHELL`, which prints what a shell has to load. The library is loaded where it is called.
 * @param called the subcommand that is called
 */
export async function addCompletion(program: Command, called: string | undefined): Promise<void> {
  if (called === WORD || called === ASKED_BY_SHELLS) {
    const { default: tab } = await import('@bomb.sh/tab/commander');
    tab(program, { completionCommandName: WORD });
    return;
  }
  program
    .command(WORD)
    .argument('<shell>', 'zsh, bash, fish or powershell')
    .description('print a script that completes words of this command');
}
