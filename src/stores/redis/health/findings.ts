import type { StoreFinding } from '../../../budget/index.ts';
import type { ServerFacts } from './server-facts.ts';

/** Returns what is wrong with a server that is to keep a ledger. */
export function findServerProblems({ info, save, forbidden }: ServerFacts): StoreFinding[] {
  const findings: StoreFinding[] = [];
  const add = (severity: StoreFinding['severity'], found: string, fix: string): void => {
    findings.push({ severity, found, fix });
  };
  if (info === undefined) {
    add(
      'warn',
      'whether Redis keeps its data could not be read, nor whether it was restarted from an older copy: this user may not run INFO',
      'ACL SETUSER <user> +info, or check "appendonly" and "maxmemory-policy" yourself',
    );
  } else {
    if (info.get('aof_enabled') === '0') {
      const lost = save === '' ? 'every budget starts at zero' : 'budgets go back to the last snapshot';
      add(
        'warn',
        `Redis writes no append-only file: after a restart ${lost}, unless a process still knows more`,
        'set "appendonly yes"',
      );
    }
    const policy = info.get('maxmemory_policy');
    if (policy !== undefined && policy !== 'noeviction' && Number(info.get('maxmemory')) > 0) {
      add(
        'fail',
        `Redis deletes keys when its memory is full ("maxmemory-policy ${policy}"): what was spent is forgotten`,
        'set "maxmemory-policy noeviction", or give the ledger a Redis of its own',
      );
    }
    if (info.get('role') === 'slave') {
      add(
        'fail',
        'Redis is a replica, which is read-only: no call can be charged',
        'use the URL of the primary',
      );
    }
  }
  if (forbidden.length > 0) {
    add(
      'fail',
      `this user of Redis may not run ${forbidden.join(', ')}: calls cannot be charged`,
      `ACL SETUSER <user> ${forbidden.map((name) => `+${name.toLowerCase()}`).join(' ')}`,
    );
  }
  return findings;
}
